// The list's name as soon as its number is typed, and the lists of audiences and attributes. All of it also works saved.
(() => {
    "use strict";

    const PAUSE_MS = 500;

    // -- List ID: the number out of an address, and whose it is --------------------------------

    const number = (text) => {
        const after = [...text.matchAll(/(?:^|[/?&#])list(?:s|er|e|_id|id)?[/=](\d+)(?![\d.])/gi)].map((match) => match[1]);
        return new Set(after).size === 1 ? after[0] : text;
    };

    const ask = async (place, form) => {
        const asked = String(place.asked = (place.asked || 0) + 1);
        try {
            const response = await fetch(place.dataset.listUrl, { method: "POST", body: new FormData(form) });
            if (!response.ok || asked !== String(place.asked)) return;
            const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
            place.replaceChildren(...parsed.body.childNodes);
        } catch {
            // The portal is away for a moment: saving tells.
        }
    };

    const watchList = (input) => {
        const place = document.querySelector("[data-list-url]");
        let timer;
        const soon = () => {
            clearTimeout(timer);
            timer = setTimeout(() => ask(place, input.form), PAUSE_MS);
        };
        input.addEventListener("input", () => {
            const found = number(input.value);
            if (found !== input.value) input.value = found;
            soon();
        });
        for (const name of ["api_key", "api_secret", "api_address"]) {
            input.form.elements[name]?.addEventListener("change", soon);
        }
        ask(place, input.form);
    };

    // -- Select audiences, Select calculated attributes -----------------------------------------

    const pick = (picker) => {
        const details = picker.querySelector("details");
        const chosen = picker.querySelector("[data-chosen]");
        const boxes = [...picker.querySelectorAll("input[type=checkbox]")];
        const label = (box) => box.closest("label").textContent.trim();
        const tell = () => {
            chosen.textContent = boxes.filter((box) => box.checked).map(label).join(", ") || chosen.dataset.nothing;
        };
        picker.querySelector("[data-apply]")?.addEventListener("click", () => {
            tell();
            details.open = false;
            details.querySelector("summary").focus();
        });
        picker.querySelector("[data-search]")?.addEventListener("input", (event) => {
            const wanted = event.target.value.trim().toLowerCase();
            for (const box of boxes) box.closest("label").hidden = !label(box).toLowerCase().includes(wanted);
        });
        picker.querySelector("[data-search]")?.addEventListener("keydown", (event) => {
            if (event.key === "Enter") event.preventDefault();
        });
        tell();
    };

    document.addEventListener("DOMContentLoaded", () => {
        const input = document.querySelector("[data-list-id]");
        if (input && document.querySelector("[data-list-url]")) watchList(input);
        document.querySelectorAll("[data-picker]").forEach(pick);
    });
})();
