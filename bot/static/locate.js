// The consented location page: nothing is sent before the tap; afterwards updates while the page is open.
'use strict';
(() => {
  if (new URLSearchParams(location.search).has('plain')) history.replaceState(null, '', location.pathname);
  const $ = (id) => document.getElementById(id);
  const able = window.isSecureContext && 'geolocation' in navigator;
  let watch = null;
  let consented = false;
  const device = (() => {
    try {
      const kept = localStorage.getItem('device') || crypto.getRandomValues(new Uint32Array(4)).join('-');
      localStorage.setItem('device', kept);
      return kept;
    } catch { return crypto.getRandomValues(new Uint32Array(4)).join('-'); }
  })();
  // The page as a notebook names nobody and no helper, whatever the server says.
  const plain = document.documentElement.classList.contains('plain');
  const worded = (words, memo) => (plain && memo !== undefined ? memo : words);
  const say = (words, memo) => { $('status').textContent = worded(words, memo); };

  async function post(content) {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await fetch(location.pathname, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...content, device, plain }) });
        const body = await answer.json().catch(() => ({}));
        if (answer.ok) return body;
        if (answer.status < 500) { say(body.error ? body.error.message : '보내지 못했습니다.', '넣지 못했습니다. 아래에 적거나 처음부터 다시 열어 주세요.'); return null; }
      } catch { /* a bad link: try again below */ }
      if (tries >= 5) { say('연결이 되지 않습니다. 잠시 뒤 다시 눌러 주세요.'); return null; }
      await new Promise((done) => setTimeout(done, 500 * 2 ** tries));
    }
  }

  async function consent() {
    if (!consented) consented = Boolean(await post({ action: 'consent' }));
    return consented;
  }

  async function fix(position) {
    const { latitude, longitude, accuracy } = position.coords;
    const answer = await post({ action: 'fix', lat: latitude, lon: longitude, accuracy_m: accuracy, fixed_at: new Date(position.timestamp).toISOString() });
    if (!answer || watch === null) return;  // stopped while it was on its way
    say('');
    $('sharing').hidden = false;
    $('share').hidden = true;
    $('accuracy').textContent = worded(`보냈습니다. 오차 약 ${Math.round(accuracy)} m`, `넣었습니다. 약 ${Math.round(accuracy)} m`);
    if (!plain && typeof answer.views === 'number') $('seen').textContent = answer.views ? `지금까지 ${answer.views}번 확인했습니다.` : '아직 확인한 사람이 없습니다.';
  }

  function unwatch() {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
  }

  const ERRORS = {
    1: ['위치 사용이 거부되었습니다. 브라우저 주소창의 자물쇠 → 위치 → 허용으로 바꾸거나, 아래 ‘주소로 알려주기’를 쓰세요.', '찾을 수 없습니다. 브라우저에서 허용하거나 아래에 적어 주세요.'],
    2: ['휴대전화가 위치를 찾지 못했습니다. 위치(GPS)를 켜고 창가에서 다시 눌러 주세요.', '찾지 못했습니다. GPS를 켜고 창가에서 다시 눌러 주세요.'],
    3: ['시간이 오래 걸립니다. 다시 누르거나 아래 ‘주소로 알려주기’를 쓰세요.', '오래 걸립니다. 다시 누르거나 아래에 적어 주세요.'],
  };

  $('insecure').hidden = able;
  $('share').hidden = !able;
  if (!able) $('words').open = true;
  $('share').addEventListener('click', async () => {
    say('위치를 찾고 있습니다…', '찾는 중…');
    if (!(await consent())) return;
    unwatch();
    watch = navigator.geolocation.watchPosition(fix, (error) => { say(...(ERRORS[error.code] || ERRORS[2])); $('words').open = true; }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 5000 });
  });
  addEventListener('leaving', unwatch);
  $('stop').addEventListener('click', async () => {
    unwatch();
    await post({ action: 'stop' });
    consented = false;
    $('sharing').hidden = true;
    $('share').hidden = !able;
    say('위치 보내기를 멈췄습니다.', '멈췄습니다.');
  });
  $('typed').addEventListener('submit', async (event) => {
    event.preventDefault();
    const words = $('address').value.trim();
    if (!words || !(await consent())) return;
    if (await post({ action: 'typed', text: words })) { say('알려 주신 장소를 전했습니다.', '넣었습니다.'); $('address').value = ''; }
  });
})();
