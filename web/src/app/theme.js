// Sets the theme and the width of the rail before the first paint.  A classic script of its own: the Content-Security-Policy allows no inline script.
(function () {
  var chosen = null;
  var rail = null;
  try {
    chosen = localStorage.getItem("trackside.theme");
    rail = localStorage.getItem("trackside.rail");
  } catch {
    // Storage is closed to this page: the system's theme will do.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  if (rail === "narrow") document.documentElement.dataset.rail = "narrow";
})();
