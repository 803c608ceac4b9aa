// Six digits from the phone open the location page. Nothing else is asked and nothing is kept on this device.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const field = $('code');
  let busy = false;
  // The page as a notebook names nobody, whatever the server says.
  const plain = document.documentElement.classList.contains('plain');
  const say = (words, memo) => { $('status').textContent = plain && memo ? memo : words; };

  async function open() {
    const code = field.value.normalize('NFKC').replace(/[^0-9]/g, '');
    if (busy) return;
    if (code.length !== 6) { say('숫자 여섯 자리를 적어 주세요.'); field.focus(); return; }
    busy = true;
    say('확인하고 있습니다…');
    try {
      const answer = await fetch('/locate', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code }) });
      const body = await answer.json().catch(() => ({}));
      if (answer.ok) { location.replace(body.page); return; }
      say(body.error ? body.error.message : '확인하지 못했습니다. 다시 눌러 주세요.', '맞지 않거나 열 수 없습니다.');
      field.select();
    } catch {
      say('연결이 되지 않습니다. 잠시 뒤 다시 눌러 주세요.');
    }
    busy = false;
  }

  $('form').addEventListener('submit', (event) => { event.preventDefault(); open(); });
})();
