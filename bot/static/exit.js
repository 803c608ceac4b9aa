// Quick exit: the button, or Esc twice. Whoever takes the phone out of a hand finds nothing of ours on it.
'use strict';
(() => {
  const AWAY = '/webchat/v1/away';
  const TWICE_MS = 1000;
  let gone = false;
  let escaped = -Infinity;

  function forget() {
    // First the page lets go of its line, so that nothing is written back to the device.
    dispatchEvent(new Event('leaving'));
    for (const kept of ['localStorage', 'sessionStorage']) { try { window[kept].clear(); } catch { /* nothing could be kept there */ } }
    const wiped = [];
    try { wiped.push(caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name)))).catch(() => {})); } catch { /* no caches without https */ }
    try { wiped.push(navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister()))).catch(() => {})); } catch { /* the same */ }
    try { document.cookie = 'skin=; path=/; max-age=0'; } catch { /* none could be kept */ }
    document.title = '\u200b';
    document.body.replaceChildren();
    return Promise.all(wiped);
  }

  function leave() {
    const wiped = gone ? null : forget();
    gone = true;
    const away = navigator.onLine ? new URL(AWAY, location.href).href : 'about:blank';
    // Within a widget it is the whole page that has to go.
    const go = () => { try { window.top.location.replace(away); } catch { location.replace(away); } };
    // Without a line no answer of the server's wipes the rest: the page, empty by now, waits a moment until it has done so itself.
    if (navigator.onLine || !wiped) go(); else Promise.race([wiped, new Promise((done) => { setTimeout(done, 300); })]).then(go);
  }

  const button = document.getElementById('leave');
  if (button) button.addEventListener('click', leave);
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.repeat) return;
    if (event.timeStamp - escaped < TWICE_MS) leave();
    escaped = event.timeStamp;
  }, true);
  // What is left in one tab is left in all, whether the server wipes the device or the page does; a page taken out of the browser's memory leaves again.
  addEventListener('storage', (event) => { if (!gone && (event.key === null || (event.key === 'gildongmu' && event.newValue === null))) leave(); });
  addEventListener('pageshow', (event) => { if (event.persisted && gone) leave(); });
})();
