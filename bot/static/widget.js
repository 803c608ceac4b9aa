// Puts the chat on any page: <script src="https://…/static/widget.js" defer></script>. The chat itself runs in a frame of its own origin.
'use strict';
(() => {
  if (window.gildongmuWidget) return;
  window.gildongmuWidget = true;
  const origin = new URL(document.currentScript.src).origin;
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const open = document.createElement('button');
  open.type = 'button';
  open.textContent = '영사 상담';
  open.setAttribute('aria-expanded', 'false');
  open.style.cssText = 'position:fixed;right:1rem;bottom:1rem;z-index:2147483646;font:600 1rem/1 sans-serif;padding:1rem 1.2rem;border-radius:2rem;border:0;background:#0b5cab;color:#fff;cursor:pointer';
  let frame = null;
  open.addEventListener('click', () => {
    if (!frame) {
      frame = document.createElement('iframe');
      frame.src = `${origin}/`;
      frame.title = '영사 상담';
      frame.allow = 'geolocation';
      frame.style.cssText = 'position:fixed;right:1rem;bottom:4.75rem;z-index:2147483646;width:min(24rem,calc(100vw - 2rem));height:min(40rem,calc(100vh - 6rem));border:1px solid #8a97a5;border-radius:.9rem;background:#fff';
      root.append(frame);
    } else frame.hidden = !frame.hidden;
    open.setAttribute('aria-expanded', String(!frame.hidden));
  });
  root.append(open);
  document.body.append(host);
})();
