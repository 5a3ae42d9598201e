// The page of a served project. Every text of a document goes in as text, never as markup.
"use strict";

const KEY = "ragflow-local key";
const ALL = "";
const RUNNING = 1000; // milliseconds until progress is looked at again
const by = (id) => document.getElementById(id);

let datasets = [];
let asked = null; // what stops the answer that is being read
let turns = []; // of the conversation, for follow-ups
let looking = 0;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function tell(text, isBad = false) {
  by("status").textContent = text;
  by("status").className = isBad ? "bad" : "";
}

async function call(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...(options.headers || {}) };
  if (key) headers.Authorization = `Bearer ${key}`;
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    by("key-form").hidden = false;
    by("key").focus();
    throw new Error("This service asks for its key.");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Error((told.error && told.error.message) || told.message || `Status ${answer.status}`);
  }
  return answer;
}

const get = async (path) => (await (await call(path)).json()).data;
const post = (path, body, more = {}) =>
  call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...more,
  });

async function trying(work) {
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") tell(error.message, true);
  }
}

// ── datasets and documents ──

async function showDatasets(chosen) {
  datasets = await get("/page/datasets");
  const where = by("where");
  const before = chosen || where.value;
  where.replaceChildren();
  if (datasets.length !== 1) where.append(element("option", "All datasets", { value: ALL }));
  for (const one of datasets) {
    where.append(element("option", `${one.name} (${one.documents})`, { value: one.id }));
  }
  if ([...where.options].some((option) => option.value === before)) where.value = before;
  await showDocuments();
}

const chosen = () => {
  const value = by("where").value;
  return value === ALL ? datasets : datasets.filter((one) => one.id === value);
};

function row(owner, one) {
  const made = element("tr");
  const name = element("th", undefined, { scope: "row" });
  name.append(element("bdi", one.name));
  if (chosen().length > 1) name.append(element("p", owner.name, { class: "note" }));
  const state = element("td");
  if (one.run === "RUNNING") {
    state.append(
      element("progress", undefined, {
        max: 100,
        value: Math.max(0, one.progress),
        "aria-label": `Parsing ${one.name}`,
      }),
    );
  }
  const words = { UNSTART: "not parsed", RUNNING: "", CANCEL: "cancelled", DONE: "ready", FAIL: "failed" };
  state.append(element("span", ` ${words[one.run] ?? one.run}`));
  if (one.run === "RUNNING" || one.run === "FAIL") {
    state.append(element("p", one.message, { class: one.run === "FAIL" ? "note bad" : "note" }));
  }
  made.append(name, state, element("td", one.chunks));
  return made;
}

async function showDocuments() {
  clearTimeout(looking);
  const rows = [];
  let isRunning = false;
  for (const owner of chosen()) {
    for (const one of await get(`/page/documents?dataset=${encodeURIComponent(owner.id)}`)) {
      rows.push(row(owner, one));
      isRunning = isRunning || one.run === "RUNNING";
    }
  }
  by("documents").replaceChildren(...rows);
  by("documents-caption").textContent = rows.length ? `${rows.length} documents` : "No documents yet";
  if (isRunning) looking = setTimeout(() => trying(showDocuments), RUNNING);
}

// ── passages and pages ──

function pagesOf(one) {
  if (!one.pages.length) return "";
  const last = one.pages[one.pages.length - 1];
  return one.pages.length === 1 ? `, page ${last}` : `, pages ${one.pages[0]}–${last}`;
}

function title(name, pages) {
  const made = element("h3");
  made.append(element("bdi", name), pages);
  return made;
}

function pictureButton(one, place) {
  const button = element("button", `Show page ${one.pages[0]}`, { type: "button", "aria-expanded": "false" });
  let shown = null;
  button.addEventListener("click", () =>
    trying(async () => {
      if (shown) {
        shown.remove();
        shown = null;
      } else {
        const path = `/page/picture?chunk=${encodeURIComponent(one.id)}&page=${one.pages[0]}`;
        const address = URL.createObjectURL(await (await call(path)).blob());
        shown = element("img", undefined, {
          src: address,
          alt: `Page ${one.pages[0]} of ${one.document}, the passage marked`,
        });
        shown.addEventListener("load", () => URL.revokeObjectURL(address));
        place.append(shown);
      }
      button.setAttribute("aria-expanded", String(Boolean(shown)));
    }),
  );
  return button;
}

function passage(one, place) {
  place.append(title(one.document, pagesOf(one)));
  if (one.headings.length) place.append(element("p", one.headings.join(" › "), { class: "note" }));
  const quote = element("blockquote", undefined, { dir: "auto" });
  for (const [text, isMarked] of one.parts) quote.append(isMarked ? element("mark", text) : text);
  place.append(quote);
  place.append(element("p", `similarity ${one.similarity.toFixed(2)}`, { class: "note" }));
  if (one.pages.length) place.append(pictureButton(one, place));
  return place;
}

function clear() {
  by("answer").replaceChildren();
  by("sources").replaceChildren();
  by("passages").replaceChildren();
}

async function search() {
  const question = by("question").value.trim();
  if (!question) return;
  clear();
  tell("Searching …");
  const answer = await post("/page/search", { question, datasets: chosen().map((one) => one.id) });
  const passages = (await answer.json()).data;
  by("passages").replaceChildren(...passages.map((one) => passage(one, element("li"))));
  tell(passages.length === 1 ? "1 passage" : `${passages.length} passages`);
}

// ── answers ──

function showAnswer(content, sources) {
  const parts = [];
  content.split(/ ?\[ID:(\d+)\]/).forEach((part, index) => {
    if (index % 2 === 0) {
      parts.push(part);
    } else if (sources && sources[part]) {
      const mark = element("button", String(Number(part) + 1), {
        type: "button",
        class: "mark",
        "aria-label": `Source ${Number(part) + 1}`,
      });
      mark.addEventListener("click", () => by(`source-${part}`)?.focus());
      parts.push(mark);
    }
  });
  by("answer").replaceChildren(...parts);
}

function showSources(content, sources) {
  const cited = new Set([...content.matchAll(/\[ID:(\d+)\]/g)].map((mark) => Number(mark[1])));
  const shown = sources
    .map((one, index) => [one, index])
    .filter(([one, index]) => cited.has(index))
    .map(([one, index]) => {
      const place = element("article", undefined, {
        id: `source-${index}`,
        tabindex: "-1",
        "aria-label": `Source ${index + 1}`,
      });
      const known = { ...one, document: one.document_name, parts: [[one.content, false]] };
      const made = passage(known, place);
      made.querySelector("h3").prepend(`${index + 1}. `);
      return made;
    });
  by("sources").replaceChildren(...shown);
}

async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (held + value).split("\n");
    held = lines.pop();
    for (const line of lines) {
      const text = line.replace(/^data: ?/, "");
      if (line.startsWith("data:") && text !== "[DONE]") yield JSON.parse(text);
    }
  }
}

async function ask() {
  const question = by("question").value.trim();
  if (!question) return;
  clear();
  tell("Answering …");
  asked = new AbortController();
  by("stop").hidden = false;
  by("answer").setAttribute("aria-busy", "true");
  let content = "";
  let sources = [];
  try {
    const body = {
      model: by("where").value || (datasets.length === 1 ? datasets[0].id : "ragflow-local"),
      messages: [...turns, { role: "user", content: question }],
      stream: true,
      sources: "none",
    };
    const answer = await post("/v1/chat/completions", body, { signal: asked.signal });
    for await (const event of events(answer)) {
      if (event.error) throw new Error(event.error.message);
      const delta = event.choices.length ? event.choices[0].delta : {};
      content += delta.content || "";
      sources = delta.reference || sources;
      showAnswer(content, null);
    }
    showAnswer(content, sources);
    showSources(content, sources);
    turns = [...turns, { role: "user", content: question }, { role: "assistant", content }].slice(-8);
    tell("");
  } catch (error) {
    if (error.name === "AbortError") tell("Stopped.");
    else throw error;
  } finally {
    asked = null;
    by("stop").hidden = true;
    by("answer").setAttribute("aria-busy", "false");
  }
}

// ── what a person does ──

by("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(ask);
});
by("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    by("ask-form").requestSubmit();
  }
});
by("search").addEventListener("click", () => trying(search));
by("stop").addEventListener("click", () => asked?.abort());
by("where").addEventListener("change", () => {
  turns = [];
  trying(showDocuments);
});
by("dataset-form").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(async () => {
    const answer = await post("/page/datasets", { name: by("dataset-name").value.trim() });
    by("dataset-name").value = "";
    const made = (await answer.json()).data;
    await showDatasets(made.id);
    tell(`Made ${made.name}.`);
  });
});
by("upload-form").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(async () => {
    const owners = chosen();
    if (owners.length !== 1) throw new Error("Choose one dataset first.");
    const form = new FormData();
    for (const file of by("files").files) form.append("file", file, file.name);
    tell("Adding …");
    await call(`/page/documents?dataset=${encodeURIComponent(owners[0].id)}`, { method: "POST", body: form });
    by("upload-form").reset();
    await showDatasets(owners[0].id);
    tell("Added; parsing goes on.");
  });
});
by("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, by("key").value);
  by("key").value = "";
  by("key-form").hidden = true;
  tell("");
  trying(showDatasets);
});

trying(showDatasets);
