"""The published workflow: nothing in it changes under us, and it has no rights beyond its needs."""

import re

import install
import pytest
import yaml

from conftest import ROOT

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXT = "\n".join(path.read_text(encoding="utf8") for path in PATHS)
JOBS = {
    name: job
    for path in PATHS
    for name, job in yaml.safe_load(path.read_text(encoding="utf8"))["jobs"].items()
}
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def test_every_action_is_pinned_by_its_hash_with_the_version_beside_it():
    used = re.findall(r"uses: (.*)", TEXT)
    assert used and len(used) == sum("uses" in step for _, step in STEPS)
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_no_checkout_keeps_its_credentials():
    checkouts = [step for _, step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert len(checkouts) >= 2
    for step in checkouts:
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_job_has_the_rights_it_names_and_no_others(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf8"))
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        rights = {right for right, level in job["permissions"].items() if level == "write"}
        assert rights == ({"pages", "id-token"} if name == "publish" else set())


def test_no_script_holds_an_expression():
    """`${{ … }}` in a script is filled in before the shell reads it: a door for whoever names a
    branch. Values come through the environment."""
    scripts = [step["run"] for _, step in STEPS if "run" in step]
    assert scripts and not any("${{" in script for script in scripts)


def test_the_chapters_run_in_colabs_versions_and_at_both_ends_of_the_range():
    first, last = (f"3.{install.pythons()[end]}" for end in (0, -1))
    kinds = JOBS["matrix"]["strategy"]["matrix"]["include"]
    assert {kind["environment"] for kind in kinds} == {"colab", f"python{first}", f"python{last}"}
    for kind in kinds:
        assert kind["environment"] in ("colab", f"python{kind['python']}")
        assert int(kind["python"].partition(".")[2]) in install.pythons()
    assert {"test", "matrix"} == set(JOBS["publish"]["needs"])


def test_the_published_pages_lead_to_the_repository_in_which_it_runs():
    scripts = [step["run"] for name, step in STEPS if name == "test" and "run" in step]
    address = 'make fork REPOSITORY="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"'
    [setting] = [number for number, script in enumerate(scripts) if address in script]
    assert scripts.index(".ci/run") > setting
