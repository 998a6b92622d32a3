// Lists the tasks, asks each for its answer to the text, and shows the answers. Whatever comes from a person or a model is put in as text, never as HTML.
"use strict";

const part = id => document.getElementById(id);
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 0, maximumFractionDigits: 1 });
let tasks = [];

// An element with a class and contents: texts, or other elements.
function element(name, className, ...contents) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...contents);
  return made;
}

async function json(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.detail ?? body?.title ?? `The service answered ${response.status}.`);
  return body;
}

async function load() {
  try {
    tasks = await json(await fetch("tasks"));
  } catch (error) {
    part("error").textContent = `The tasks could not be listed. ${error.message}`;
    part("error").hidden = false;
    return;
  }
  part("summary").textContent = tasks.length === 0 ? "No tasks." : `${tasks.length} ${tasks.length === 1 ? "task" : "tasks"}: ${tasks.map(task => task.name).join(", ")}`;
  part("none").hidden = tasks.length > 0;
  part("form").hidden = tasks.length === 0;
  part("second-part").hidden = !tasks.some(task => task.readsPairs);
}

// The classes with their probabilities, the most probable first.
function scores(list) {
  return element("ul", "scores", ...[...list].sort((a, b) => b.probability - a.probability).map(score => {
    const fill = element("div", "fill"), track = element("div", "track", fill);
    fill.style.width = `${100 * score.probability}%`;
    track.setAttribute("aria-hidden", "true");
    return element("li", "", element("span", "class", score.label), track, element("span", "percent", percent.format(score.probability)));
  }));
}

// The text with its entities marked; where their places do not fit the text, the entities after it.
function marked(text, entities, types) {
  const shown = element("p", "marked");
  let end = 0;
  for (const entity of entities) {
    const mark = element("mark", `type-${Math.max(0, types.indexOf(entity.type)) % 6}`, entity.text, element("span", "type", entity.type));
    mark.title = percent.format(entity.probability);
    if (entity.start >= end && text.slice(entity.start, entity.end) === entity.text) {
      shown.append(text.slice(end, entity.start), mark);
      end = entity.end;
    } else {
      shown.append(" ", mark);
    }
  }
  shown.append(text.slice(end));
  return shown;
}

function answered(task, text, answer) {
  if (!task.labelsWords) return [scores(answer.scores)];
  const types = [...new Set(task.classNames.map(name => name.replace(/^[A-Z]-/, "")).filter(name => name !== "O"))].sort();
  return [marked(text, answer.entities, types), ...(answer.entities.length === 0 ? [element("p", "note", "No entities.")] : [])];
}

async function ask(task, text, second) {
  const card = element("article", "card", element("h2", "", task.name));
  card.dataset.task = task.name;
  try {
    if (task.readsPairs && !second) {
      card.append(element("p", "note", "This task reads two texts; give the second one."));
      return card;
    }
    const response = await fetch(`tasks/${encodeURIComponent(task.name)}/predict`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(task.readsPairs ? { text, second } : { text }),
    });
    const { answers: [answer] } = await json(response);
    card.append(...answered(task, text, answer));
  } catch (error) {
    card.append(element("p", "fault", error.message));
  }
  return card;
}

part("form").addEventListener("submit", async event => {
  event.preventDefault();
  const button = event.target.querySelector("button"), text = part("text").value, second = part("second").value;
  button.disabled = true;
  try {
    part("answers").replaceChildren(...await Promise.all(tasks.map(task => ask(task, text, second))));
  } finally {
    button.disabled = false;
  }
});

load();
