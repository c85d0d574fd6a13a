"""What `make bench` prints: seconds, bytes and milliseconds, measured on the machine at hand."""
