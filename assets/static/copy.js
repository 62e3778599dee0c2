// Makes links copy their address, and adds a button to copy to each text that says so.
"use strict";

function copies(button, text, copied) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    await navigator.clipboard.writeText(text);
    button.textContent = copied;
  });
}

if (navigator.clipboard) {
  for (const element of document.querySelectorAll("[data-copied]")) {
    const { copy, copied } = element.dataset;
    if (element.href) {
      copies(element, element.href, copied);
      continue;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = copy;
    copies(button, element.textContent, copied);
    element.closest("pre").after(button);
  }
}
