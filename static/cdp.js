// The builder of an audience's conditions. The hidden field is what is saved, and what the live count is asked with: the
// rows are made from it and read back into it. Words, and the HTML of each part, stand in admin/cdp/_builder.html.
(() => {
    "use strict";

    const DEEPEST = 4;

    const data = (id) => JSON.parse(document.getElementById(id).textContent);
    const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
    const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

    // -- one comparison: [is ▾] [value], by the kind of what is compared -------------------------------

    let catalogue;

    const fill = (select, choices, chosen = "") => {
        const value = String(chosen ?? "");
        select.replaceChildren(...choices.map((choice) => new Option(choice.label, choice.value)));
        if (!choices.some((choice) => choice.value === value)) {
            const words = value ? catalogue.words.gone.replace("%s", value) : catalogue.words.choose;
            select.prepend(new Option(words, value));
        }
        select.value = value;
    };

    const find = (choices, value) => choices.find((choice) => choice.value === value);

    const drawValue = (slot, operator, value) => {
        slot.replaceChildren();
        if (operator.value_type === "none") return;
        const made = clone(`cdp-value-${operator.value_type}`);
        slot.append(made);
        part(slot, "value").value = value ?? "";
    };

    // What can't be compared (its subject is gone, or not chosen yet) keeps what was typed, for the next subject.
    const drawCompare = (slot, kind, { is, value } = {}) => {
        slot.replaceChildren();
        slot.kept = { is, value };
        if (!kind) return;
        const operators = catalogue.operators[kind];
        const made = clone("cdp-compare");
        slot.append(made);
        const select = part(made, "is");
        select.replaceChildren(...operators.map((operator) => new Option(operator.label, operator.value)));
        if (find(operators, is)) select.value = is;
        const draw = (kept) => drawValue(part(made, "value-slot"), find(operators, select.value), kept);
        select.addEventListener("change", () => draw(readCompare(slot).value));
        draw(value);
    };

    const read = (input) => (input.type === "number" && input.value !== "" ? Number(input.value) : input.value);

    const readCompare = (slot) => {
        const select = part(slot, "is");
        if (!select) return slot.kept.is ? slot.kept : {};
        const input = part(slot, "value");
        if (!input) return { is: select.value };
        slot.kept = { is: select.value, value: read(input) };
        return slot.kept;
    };

    // -- conditions ------------------------------------------------------------------------------------

    const typeOf = (condition) => {
        if ("event" in condition) return condition.did === false ? "did_not" : "did";
        return "attribute" in condition ? "attribute" : "property";
    };

    const drawSubject = (rest, type, condition) => {
        const made = clone("cdp-subject");
        const choices = type === "attribute" ? catalogue.attributes : catalogue.properties;
        const select = part(made, "subject");
        select.dataset.label = catalogue.words[type];
        fill(select, choices, condition[type]);
        const compare = part(made, "compare");
        const draw = (kept) => drawCompare(compare, find(choices, select.value)?.kind, kept);
        select.addEventListener("change", () => draw(readCompare(compare)));
        draw(condition);
        rest.append(made);
    };

    const addWhere = (made, where = {}) => {
        const fields = find(catalogue.events, part(made, "subject").value)?.fields ?? [];
        const row = clone("cdp-where");
        const select = part(row, "field");
        fill(select, fields, where.field);
        const compare = part(row, "compare");
        const draw = (kept) => drawCompare(compare, find(fields, select.value)?.kind, kept);
        select.addEventListener("change", () => draw(readCompare(compare)));
        draw(where);
        part(made, "wheres").append(row);
        return row;
    };

    const wheresOf = (made) => [...part(made, "wheres").children];
    const readWhere = (row) => ({ field: part(row, "field").value, ...readCompare(part(row, "compare")) });

    const drawEvent = (rest, type, condition) => {
        const made = clone("cdp-event");
        const subject = part(made, "subject");
        fill(subject, catalogue.events, condition.event);
        part(made, "times").hidden = type === "did_not";
        part(made, "times_is").value = condition.times?.is ?? "at_least";
        part(made, "times_number").value = condition.times?.number ?? 1;
        const when = part(made, "when");
        when.value = condition.within_days == null ? "" : "within";
        part(made, "within_days").value = condition.within_days ?? 30;
        const showDays = () => { part(made, "days").hidden = !when.value; };
        when.addEventListener("change", showDays);
        showDays();
        const showWhere = () => {
            const fields = find(catalogue.events, subject.value)?.fields ?? [];
            made.querySelector("[data-add=where]").hidden = !fields.length;
        };
        subject.addEventListener("change", () => {
            const kept = wheresOf(made).map(readWhere);
            part(made, "wheres").replaceChildren();
            kept.forEach((where) => addWhere(made, where));
            showWhere();
        });
        showWhere();
        (condition.where ?? []).forEach((where) => addWhere(made, where));
        rest.append(made);
    };

    const drawRest = (row, type, condition) => {
        const rest = part(row, "rest");
        rest.replaceChildren();
        if (type === "did" || type === "did_not") drawEvent(rest, type, condition);
        else drawSubject(rest, type, condition);
    };

    const readCondition = (row) => {
        const type = part(row, "type").value;
        const subject = part(row, "subject").value;
        if (type === "property") return { property: subject, ...readCompare(part(row, "compare")) };
        if (type === "attribute") return { attribute: subject && Number(subject), ...readCompare(part(row, "compare")) };
        const condition = { event: subject, did: type === "did" };
        if (type === "did") {
            condition.times = { is: part(row, "times_is").value, number: read(part(row, "times_number")) };
        }
        condition.within_days = part(row, "when").value ? read(part(row, "within_days")) : null;
        condition.where = wheresOf(row).map(readWhere);
        return condition;
    };

    const drawCondition = (condition) => {
        const row = clone("cdp-condition");
        const type = part(row, "type");
        type.value = typeOf(condition);
        let before = type.value;
        drawRest(row, type.value, condition);
        // Between “did” and “did not” everything else stays as it is.
        type.addEventListener("change", () => {
            const events = ["did", "did_not"];
            const stays = events.includes(before) && events.includes(type.value);
            before = type.value;
            if (stays) part(row, "times").hidden = type.value === "did_not";
            else drawRest(row, type.value, {});
        });
        return row;
    };

    // -- groups ----------------------------------------------------------------------------------------

    const rowsOf = (group) => part(group, "rows");
    const isGroup = (element) => element.matches("fieldset");

    const readGroup = (group) => ({
        match: part(group, "match").value,
        conditions: [...rowsOf(group).children].map(({ firstElementChild: row }) =>
            isGroup(row) ? readGroup(row) : readCondition(row)),
    });

    const place = (group, row) => {
        const item = document.createElement("li");
        item.append(row);
        rowsOf(group).append(item);
        return row;
    };

    const drawGroup = (state) => {
        const group = clone("cdp-group");
        part(group, "match").value = state.match === "any" ? "any" : "all";
        for (const one of state.conditions ?? []) place(group, "conditions" in one ? drawGroup(one) : drawCondition(one));
        return group;
    };

    // Every control is called by its place too: “Condition 2.1: Value”. The server's errors go by `data-path`.
    const call = (controls, place) => {
        for (const control of controls) {
            const label = control.dataset.label;
            control.setAttribute("aria-label", place ? `${place}: ${label}` : label);
        }
    };

    const number = (row, path, depth) => {
        const name = path.map((at) => at + 1).join(".");
        row.dataset.path = path.join(".");
        part(row, "error").id = `cdp-error-${row.dataset.path || "all"}`;
        if (!isGroup(row)) {
            call(row.querySelectorAll("[data-label]"), `${catalogue.words.condition} ${name}`);
            return;
        }
        part(row, "legend").textContent = name ? `${catalogue.words.group} ${name}` : catalogue.words.conditions;
        row.querySelector("[data-remove=group]").hidden = !name;
        row.lastElementChild.querySelector("[data-add=group]").hidden = depth >= DEEPEST;
        call(row.querySelectorAll(":scope > .cdp-line [data-label]"), name && `${catalogue.words.group} ${name}`);
        [...rowsOf(row).children].forEach((item, at) => number(item.firstElementChild, [...path, at], depth + 1));
    };

    // -- adding and removing: the focus goes where the next thing is done ------------------------------

    const firstControl = (row) => row.querySelector("select");

    const add = (button) => {
        if (button.dataset.add === "where") return firstControl(addWhere(button.closest("[data-event]")));
        const group = button.closest("fieldset");
        if (button.dataset.add === "condition") return firstControl(place(group, drawCondition(blank())));
        return firstControl(place(group, drawGroup({ match: "any", conditions: [blank()] })));
    };

    // A new condition looks at what there is something of.
    const blank = () => {
        if (catalogue.properties.length || !catalogue.events.length) return { property: "" };
        return { event: "", did: true };
    };

    const remove = (button) => {
        const row = button.dataset.remove === "where" ? button.closest(".cdp-where") : button.closest("li");
        const near = row.nextElementSibling ?? row.previousElementSibling;
        const around = row.parentElement.parentElement;
        row.remove();
        return near ? firstControl(near) : around.querySelector("[data-add]");
    };

    // -- errors, next to their condition ---------------------------------------------------------------

    const showErrors = (root, errors) => {
        for (const row of root.querySelectorAll("[data-path]")) {
            const sentence = row.dataset.touched || isGroup(row) ? errors[row.dataset.path] : "";
            const error = part(row, "error");
            error.textContent = sentence ?? "";
            error.hidden = !sentence;
            row.classList.toggle("cdp-bad", Boolean(sentence));
            if (isGroup(row)) continue;
            for (const control of row.querySelectorAll("select, input")) {
                if (sentence) control.setAttribute("aria-describedby", error.id);
                else control.removeAttribute("aria-describedby");
            }
        }
    };

    const build = (builder) => {
        const hidden = builder.querySelector("input[type=hidden]");
        const root = builder.querySelector("[data-root]");
        catalogue = data("cdp-catalogue");
        let errors = data("cdp-errors");
        const top = drawGroup(JSON.parse(hidden.value));
        root.append(top);

        const update = () => {
            number(top, [], 1);
            hidden.value = JSON.stringify(readGroup(top));
        };
        const changed = () => {
            update();
            hidden.dispatchEvent(new Event("input", { bubbles: true }));
        };
        // A list tells of its change by "input" before its row has followed it.
        root.addEventListener("input", (event) => { if (event.target.matches("input")) changed(); });
        root.addEventListener("change", changed);
        root.addEventListener("click", (event) => {
            const button = event.target.closest("[data-add], [data-remove]");
            if (!button) return;
            const next = button.dataset.add ? add(button) : remove(button);
            changed();
            next.focus();
        });
        // What is still being filled in is not wrong yet.
        root.addEventListener("focusout", (event) => {
            const row = event.target.closest(".cdp-condition");
            if (!row || row.contains(event.relatedTarget)) return;
            row.dataset.touched = "yes";
            showErrors(root, errors);
        });
        builder.addEventListener("cdp:errors", (event) => {
            errors = event.detail;
            showErrors(root, errors);
        });

        update();
        for (const row of root.querySelectorAll(".cdp-condition")) row.dataset.touched = "yes";
        showErrors(root, errors);
    };

    document.addEventListener("DOMContentLoaded", () => {
        for (const builder of document.querySelectorAll("[data-builder]")) build(builder);
    });
})();
