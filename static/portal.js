// settings pages: Copy buttons and the More Actions menu. Everything else works without JavaScript.
(() => {
    "use strict";

    const select = (input) => {
        input.focus();
        input.select();
    };

    const copy = async (button) => {
        const input = document.getElementById(button.dataset.copy);
        select(input);
        try {
            if (navigator.clipboard) await navigator.clipboard.writeText(input.value);
            else if (!document.execCommand("copy")) return;
        } catch {
            return; // It stays selected: Ctrl-C copies it.
        }
        const label = button.textContent;
        button.textContent = button.dataset.copied;
        setTimeout(() => { button.textContent = label; }, 2000);
    };

    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-copy]");
        if (button) copy(button);
        for (const menu of document.querySelectorAll("details.set-menu[open]")) {
            if (!menu.contains(event.target)) menu.open = false;
        }
    });

    document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        for (const menu of document.querySelectorAll("details.set-menu[open]")) {
            menu.open = false;
            menu.querySelector("summary").focus();
        }
    });
})();
