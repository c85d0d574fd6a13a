/* What stands below a result. Sphinx takes it from all of <main>, the theme's buttons and menus included; here it is
   the article alone, and of a chapter only what is said: no code, no output. */
document.addEventListener("DOMContentLoaded", () => {
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
