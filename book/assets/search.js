/* Of the glossary's terms the three best come first, the others after the pages: *attention* is in the name of a dozen.

   What stands below a result. Sphinx takes it from all of <main>, the theme's buttons and menus included; here it is
   the article alone, and of a chapter only what is said: no code, no output. */
document.addEventListener("DOMContentLoaded", () => {
  const perform = Search._performSearch;
  Search._performSearch = (...query) => {
    const found = perform(...query).reverse(); // the best was the last
    const later = new Set(found.filter(([page]) => page === "book/glossary").slice(3));
    return [...found.filter((result) => !later.has(result)), ...later].reverse();
  };
  Search.htmlToText = (source, anchor) => {
    const page = new DOMParser().parseFromString(source, "text/html");
    const article = page.querySelector("article.bd-article");
    if (!article) return "";
    const silent = ".headerlink, script, style, h1, h2, h3, .cell";
    for (const element of article.querySelectorAll(silent)) element.remove();
    const section = anchor && article.querySelector(anchor);
    return (section || article).textContent;
  };
});
