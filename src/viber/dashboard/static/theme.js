"use strict";
// In the head and no module, so that a chosen theme is there before the first paint.
(() => {
  const NEXT = { auto: "light", light: "dark", dark: "auto" };
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem("viber-theme");
    } catch {
      return null; // storage may be forbidden
    }
  };

  const remember = (theme) => {
    try {
      localStorage.setItem("viber-theme", theme);
    } catch {
      // then it lasts as long as the page
    }
  };

  root.dataset.theme = remembered() in NEXT ? remembered() : "auto";

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.textContent = `Theme: ${root.dataset.theme}`;
      dispatchEvent(new Event("themechange"));
    };
    button.addEventListener("click", () => {
      root.dataset.theme = NEXT[root.dataset.theme];
      remember(root.dataset.theme);
      show();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
    show();
  });
})();
