// The page asks for the state once a second and writes it into the tables. Everything
// that comes from queries is written as text.
"use strict";

const byId = (id) => document.getElementById(id);
let chosen = decodeURIComponent(location.hash.slice(1));

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function row(...cells) {
  const tr = element("tr");
  tr.append(...cells);
  return tr;
}

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  while (bytes >= 1024 && i < units.length - 1) { bytes /= 1024; i++; }
  return `${bytes.toFixed(i && bytes < 10 ? 1 : 0)} ${units[i]}`;
}

function bar(done, all) {
  const p = element("progress");
  p.max = Math.max(1, all);
  p.value = done;
  p.title = `${done} of ${all}`;
  return p;
}

function showQueries(queries) {
  byId("no-queries").hidden = queries.length > 0;
  byId("queries").hidden = queries.length === 0;
  byId("queries").tBodies[0].replaceChildren(...queries.map((q) => {
    const name = element("td");
    const link = element("button", q.id, "link");
    link.addEventListener("click", () => { choose(q.id); });
    name.append(link);
    const tasks = element("td");
    tasks.append(bar(q.done, q.tasks), ` ${q.done}/${q.tasks}${q.lost ? `, ${q.lost} workers lost` : ""}`);
    const text = element("td", q.text.replace(/\s+/g, " "));
    text.title = q.text;
    return row(name, element("td", q.user), element("td", q.state, q.state), element("td", q.seconds.toFixed(3), "number"), tasks, text);
  }));
}

function showMembers(members) {
  byId("members").tBodies[0].replaceChildren(...members.map((m) => row(
    element("td", m.name), element("td", m.roles), element("td", m.flight), element("td", m.threads, "number"),
    element("td", m.state, m.state), element("td", m.runs, "number"), element("td", m.tasks, "number"), element("td", m.version))));
}

function showPlan(query, plan) {
  byId("plan").hidden = false;
  byId("plan-title").textContent = `Plan of ${query.id}`;
  byId("text").textContent = query.text;
  byId("error").textContent = query.error || "";
  byId("fragments").replaceChildren(...plan.fragments.map((f) => {
    const box = element("article", undefined, "fragment");
    const title = element("h3");
    const from = f.inputs.length ? ` ← ${f.inputs.map((i) => `fragment ${i}`).join(", ")}` : "";
    const progress = element("span");
    progress.append(bar(f.done, f.tasks), ` ${f.done}/${f.tasks}`);
    title.append(element("span", `Fragment ${f.id}${from}`), progress);
    box.append(title, element("pre", f.text));
    return box;
  }));
}

async function fetchJSON(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function refresh() {
  try {
    const state = await fetchJSON("api/state");
    const p = state.process;
    byId("process").textContent = `${p.name} · ${p.version} · ${p.ready ? "ready" : p.why} · memory ${size(p.usedBytes)} of ${size(p.limitBytes)}, ` +
      `at most ${size(p.peakBytes)} · columns kept ${size(p.columnBytes)}`;
    showQueries(state.queries);
    showMembers(state.members);
    const query = state.queries.find((q) => q.id === chosen);
    if (query) showPlan(query, await fetchJSON(`api/plan/${encodeURIComponent(chosen)}`));
  } catch (error) {
    byId("process").textContent = `The process does not answer: ${error.message}`;
  }
}

function choose(id) {
  chosen = id;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  refresh();
}

refresh();
setInterval(refresh, 1000);
