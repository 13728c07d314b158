// Copy buttons, the More Actions menu, and pages that follow long work. Everything else works without JavaScript.
(() => {
    "use strict";

    // Pages tell times in the browser's zone, unless My settings names another.
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;

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

    // -- long work: its page is brought up to date while it lasts and somebody looks ---------------

    const REFRESH_MS = 2000;

    const fetched = async (page) => {
        const response = await fetch(page.dataset.refresh);
        if (!response.ok) throw new Error(response.status);
        const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
        return parsed.getElementById(page.id);
    };

    // Buttons and the keyboard's focus stay where they are unless the state has changed.
    const update = (page, fresh) => {
        if (fresh.dataset.state === page.dataset.state) {
            for (const part of page.querySelectorAll("[data-live]")) {
                if (!part.contains(document.activeElement)) part.replaceWith(fresh.querySelector(`#${part.id}`));
            }
            return;
        }
        const focused = page.contains(document.activeElement);
        page.replaceWith(fresh);
        if (focused) fresh.querySelector("h2").focus();
        document.getElementById("announcement").textContent = fresh.dataset.state;
    };

    const follow = async () => {
        const page = document.querySelector("[data-refresh]");
        if (!page) return;
        try {
            const fresh = document.hidden ? page : await fetched(page);
            if (!fresh) return; // Signed out meanwhile.
            if (fresh !== page) update(page, fresh);
        } catch {
            // The portal is away for a moment: the next look may find it.
        }
        setTimeout(follow, REFRESH_MS);
    };

    document.addEventListener("DOMContentLoaded", () => setTimeout(follow, REFRESH_MS));
})();
