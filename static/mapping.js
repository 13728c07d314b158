// Edit Mapping: the preview follows the rows while they are changed, without a new page. Without this file its buttons
// work all the same.
(() => {
    "use strict";

    const WAIT_MS = 400;

    const form = document.getElementById("mapping-form");
    if (!form) return;
    let timer = 0;
    let asked = null;

    const pane = () => document.getElementById("mapping-try");

    // The form as it stands, as if this button had been pressed: nothing is saved.
    const pressed = async (button, signal) => {
        const data = new FormData(form);
        data.append(button, "");
        const response = await fetch(form.action, { method: "POST", body: data, signal });
        if (!response.ok || response.redirected) throw new Error(response.status);
        return new DOMParser().parseFromString(await response.text(), "text/html");
    };

    // Only what can't be typed in is exchanged: focus and typed text stay.
    const show = (fresh) => {
        for (const row of fresh.querySelectorAll("tr[data-row]")) {
            const own = form.querySelector(`tr[data-row="${row.dataset.row}"]`);
            if (!own || own.classList.contains("set-row-bad")) continue;
            own.className = row.className;
            const judged = [...row.querySelectorAll("[data-judged]")];
            [...own.querySelectorAll("[data-judged]")].forEach((part, at) => part.replaceWith(judged[at]));
        }
        const results = fresh.getElementById("try-results");
        document.getElementById("try-results").replaceWith(results);
        pane().dataset.tried = fresh.getElementById("mapping-try").dataset.tried || "";
        const said = document.getElementById("try-said");
        document.getElementById("mapping-said").textContent = said ? said.textContent : "";
    };

    const tryOut = async (button) => {
        if (asked) asked.abort();
        asked = new AbortController();
        const mine = asked;
        pane().setAttribute("aria-busy", "true");
        try {
            show(await pressed(button, mine.signal));
        } catch (error) {
            if (error.name === "AbortError") return;
            // Signed out, or the portal is away: the page itself says why.
            form.querySelector(`[name="${button}"]`).dataset.plain = "";
            form.requestSubmit(form.querySelector(`[name="${button}"]`));
        } finally {
            if (asked === mine) pane().removeAttribute("aria-busy");
        }
    };

    form.addEventListener("submit", (event) => {
        const button = event.submitter && event.submitter.name;
        if (!["_preview", "_check"].includes(button) || "plain" in event.submitter.dataset) return;
        event.preventDefault();
        clearTimeout(timer);
        tryOut(button);
    });

    form.addEventListener("change", (event) => {
        const choice = event.target.dataset.choice;
        if (choice) form.querySelector(`[name="try_from"][value="${choice}"]`).checked = true;
        if (pane().contains(event.target) || !event.target.closest("tr[data-row]") || !pane().dataset.tried) return;
        clearTimeout(timer);
        timer = setTimeout(() => tryOut(pane().dataset.tried), WAIT_MS);
    });

    // Enter in the search looks the record up, instead of pressing the form's first button, Save.
    form.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !pane().contains(event.target) || event.target.tagName !== "INPUT") return;
        event.preventDefault();
        const choice = event.target.dataset.choice;
        if (choice) form.querySelector(`[name="try_from"][value="${choice}"]`).checked = true;
        tryOut("_preview");
    });
})();
