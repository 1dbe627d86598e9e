// Every page of the console: the menu on small screens, questions before actions, times in the reader's own zone.

function setUpMenu() {
  const button = document.querySelector("[data-menu-button]");
  const sidebar = document.getElementById("sidebar");
  if (!button || !sidebar) {
    return;
  }
  const open = (isOpen) => {
    sidebar.classList.toggle("is-open", isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => open(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") {
      open(false);
      button.focus();
    }
  });
}

function setUpQuestions() {
  const dialog = document.querySelector("[data-confirm-dialog]");
  if (!dialog) {
    return;
  }
  let waiting = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) {
      return;
    }
    event.preventDefault();
    waiting = form;
    dialog.querySelector("p").textContent = form.dataset.confirm;
    dialog.querySelector("[data-confirm-yes]").textContent = form.dataset.confirmLabel;
    dialog.returnValue = "no";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes" && waiting) {
      waiting.dataset.confirmed = "yes";
      waiting.requestSubmit();
    }
    waiting = null;
  });
  // A page that comes back from the browser's memory must ask again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-confirmed]")) {
      delete form.dataset.confirmed;
    }
  });
}

function localizeTimes() {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const element of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      element.textContent = format.format(moment);
    }
  }
}

function closeSearchWhenNarrow() {
  const box = document.querySelector("details[data-close-when-narrow]");
  if (box && window.matchMedia("(max-width: 63.99rem)").matches) {
    box.open = false;
  }
}

setUpMenu();
closeSearchWhenNarrow();
setUpQuestions();
localizeTimes();
