// The Apps Marketplace's search box filters while somebody types. Without JavaScript its button does.
(() => {
    "use strict";

    document.addEventListener("DOMContentLoaded", () => {
        const input = document.getElementById("app-q");
        const status = document.getElementById("app-found");
        const cards = [...document.querySelectorAll(".app-card")];

        const filter = () => {
            const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
            for (const card of cards) {
                const text = card.dataset.words.toLowerCase();
                card.hidden = !words.every((word) => text.includes(word));
            }
            const found = cards.filter((card) => !card.hidden).length;
            document.getElementById("app-none").hidden = found > 0;
            status.textContent = found ? `${status.dataset.some} ${found}` : status.dataset.none;
        };

        input.addEventListener("input", filter);
        document.getElementById("app-search").addEventListener("submit", (event) => {
            event.preventDefault();
            filter();
        });
    });
})();
