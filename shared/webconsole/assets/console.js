// What a script adds: times in the reader's zone, and a status that moves by itself. Everything works without.
"use strict";

const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime()) || time.title) continue;
    time.title = time.textContent;
    time.textContent = zone.format(moment);
  }
}

// While a cycle is at work the status is asked for again, a second after it came.
async function live() {
  const shown = document.querySelector("#status[data-live=true]");
  if (!shown) return;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return location.reload();
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("#status");
        if (fresh) {
          localTimes(fresh);
          shown.replaceWith(fresh);
          if (fresh.dataset.live !== "true") return location.reload();
        }
      }
    } catch {
      // No connection: the next turn may have one.
    }
  }
  live();
}

localTimes(document);
live();
