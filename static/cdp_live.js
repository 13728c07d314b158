// What a form of the customer data platform would find, shown shortly after typing stops: the whole form is posted to
// the address of [data-live-look], which answers {count, html, errors}.
(() => {
    "use strict";

    const WAIT_MS = 400;

    const look = (panel) => {
        const form = panel.closest("form");
        const count = panel.querySelector("[data-count]");
        const details = panel.querySelector("[data-details]");
        let timer, underWay;

        const show = (found) => {
            count.textContent = found.count;
            details.innerHTML = found.html;
            form.querySelector("[data-builder]")?.dispatchEvent(new CustomEvent("cdp:errors", { detail: found.errors }));
        };

        const ask = async () => {
            underWay?.abort();
            const mine = (underWay = new AbortController());
            panel.setAttribute("aria-busy", "true");
            try {
                const body = new FormData(form);
                const response = await fetch(panel.dataset.liveLook, { method: "POST", body, signal: mine.signal });
                if (!response.ok) throw new Error(response.status);
                const found = await response.json();
                if (mine === underWay) show(found);
            } catch (error) {
                if (error.name === "AbortError") return;
                count.textContent = panel.dataset.failed;
                details.replaceChildren();
            }
            panel.removeAttribute("aria-busy");
        };

        const soon = () => {
            clearTimeout(timer);
            timer = setTimeout(ask, WAIT_MS);
        };
        form.addEventListener("input", soon);
        form.addEventListener("change", soon);
        ask();
    };

    // -- parts of a form that only some choices need: data-only-for="name=value name=other" ----------------

    const fit = (form) => {
        const typed = new FormData(form);
        for (const element of form.querySelectorAll("[data-only-for]")) {
            const fits = element.dataset.onlyFor.split(" ").some((pair) => {
                const [name, value] = pair.split("=");
                return typed.get(name) === value;
            });
            element.hidden = !fits;
        }
        // <select data-groups-of="other">: only the group that is called like what is chosen there.
        for (const select of form.querySelectorAll("[data-groups-of]")) {
            const chosen = form.elements[select.dataset.groupsOf].selectedOptions[0].text;
            for (const group of select.querySelectorAll("optgroup")) group.hidden = group.disabled = group.label !== chosen;
            if (select.selectedOptions[0]?.parentElement.disabled) {
                const alike = [...select.options].find((one) => one.value === select.value && !one.parentElement.disabled);
                select.selectedIndex = alike?.index ?? 0;
            }
        }
    };

    document.addEventListener("DOMContentLoaded", () => {
        for (const form of document.querySelectorAll("form:has([data-only-for])")) {
            fit(form);
            form.addEventListener("change", () => fit(form));
        }
        for (const panel of document.querySelectorAll("[data-live-look]")) look(panel);
    });
})();
