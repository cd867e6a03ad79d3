// Keeps a page up to date: every few seconds it fetches the page anew and puts what
// has changed in the place of what is there. Without it, reload does the same.
'use strict';

const pause = 5000;
let stopped = false;

// busy tells whether somebody is at work in an element: replacing it would take the
// work away.
function busy(element) {
  const active = document.activeElement;
  const selection = getSelection();
  return element.querySelector('details[open]') !== null ||
    (element.contains(active) && active.matches('input, textarea, pre')) ||
    (!selection.isCollapsed && element.contains(selection.anchorNode));
}

// replace puts an element's new content in, and gives a link that had the focus the
// focus back.
function replace(element, fresh) {
  if (element.innerHTML === fresh.innerHTML || busy(element)) return;
  const active = element.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  element.innerHTML = fresh.innerHTML;
  if (active === null) return;
  for (const link of element.querySelectorAll('a')) {
    if (link.getAttribute('href') === active) return link.focus({preventScroll: true});
  }
}

async function refresh() {
  if (stopped || document.hidden) return;
  try {
    const response = await fetch(location.href, {cache: 'no-store', credentials: 'same-origin'});
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const waiting = document.getElementById('waiting');
    if (waiting && !page.getElementById('waiting')) return location.reload();
    for (const element of document.querySelectorAll('[data-live]')) {
      const fresh = page.getElementById(element.id);
      if (fresh) replace(element, fresh);
    }
    document.body.classList.remove('offline');
  } catch {
    document.body.classList.add('offline'); // what is shown grows old
  }
}

const button = document.createElement('button');
button.className = 'live';
button.type = 'button';
function label() {
  button.textContent = stopped ? 'Paused' : 'Live';
  button.title = stopped ? 'Keep this page up to date' : 'Stop updating this page';
  button.setAttribute('aria-pressed', String(!stopped));
}
button.addEventListener('click', () => {
  stopped = !stopped;
  label();
  refresh();
});
label();
document.querySelector('header.top').append(button);
setInterval(refresh, pause);
document.addEventListener('visibilitychange', refresh);
