  // What a fragment names, and what is printed, must not be folded away.
  const unfold = () => {
    const target = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
    for (let node = target; node !== null; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (target !== null) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details:not([open])")) {
      fold.open = true;
      fold.dataset.printed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const fold of document.querySelectorAll("[data-printed]")) {
      fold.open = false;
      delete fold.dataset.printed;
    }
  });
