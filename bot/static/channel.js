// The line to the server: a queue on the device until acknowledged, and events resumed by number. No page parts in here.
'use strict';
(() => {
  const KEY = 'gildongmu';
  const POST_MS = 10000;
  const SILENT_MS = 40000;
  const POLLS = 20;
  const NOT_PROVED = '맞지 않거나 기한이 지났습니다. 다시 확인해 주세요.';
  const memory = {};
  // A private window may refuse storage: then the conversation lives as long as the page.
  const store = {
    get() { try { return JSON.parse(localStorage.getItem(KEY)) || memory; } catch { return memory; } },
    set(value) { Object.assign(memory, value); try { localStorage.setItem(KEY, JSON.stringify(value)); } catch { /* kept in memory */ } },
    wipe() { for (const key of Object.keys(memory)) delete memory[key]; try { localStorage.removeItem(KEY); } catch { /* nothing was kept */ } },
  };
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  class Channel extends EventTarget {
    constructor() {
      super();
      const kept = store.get();
      this.id = kept.id || '';
      this.token = kept.token || '';
      this.queue = kept.queue || [];
      this.wiped = kept.wiped || 0;
      this.hidden = kept.hidden || [];
      this.known = new Set(this.queue.map((entry) => entry.client_id));
      this.last = 0;
      this.view = '';
      this.sending = false;
      this.stopped = false;
      this.failures = 0;
      this.polls = 0;
      this.hurry = () => {};
      addEventListener('online', () => this.flush());
    }

    tell(type, detail) { if (!this.stopped) this.dispatchEvent(new CustomEvent(type, { detail })); }

    keep() {
      if (this.stopped) return;
      const kept = store.get();
      // Another tab's words wait here too, and it may be gone: whichever tab is left sends them, and the server takes each once.
      this.queue.forEach((entry) => this.known.add(entry.client_id));
      this.queue.push(...(kept.queue || []).filter((entry) => !this.known.has(entry.client_id)));
      this.queue.sort((one, other) => !!other.danger - !!one.danger);
      // The conversation that it has opened is this tab's too.
      if (!this.id && kept.id && kept.id !== (this.before || {}).conversation_id) ({ id: this.id, token: this.token, wiped: this.wiped = 0 } = kept);
      store.set({ id: this.id, token: this.token, queue: this.queue, wiped: this.wiped, hidden: this.hidden });
    }

    async call(path, options = {}) {
      if (this.stopped) throw new Error('left');
      const headers = { 'Content-Type': 'application/json', ...(options.headers || {}) };
      if (this.token) headers.Authorization = `Bearer ${this.token}`;
      if (this.view) headers['X-View'] = this.view;
      // A server that hangs is told apart from one that answers: the same client id goes out again.
      const signal = options.signal || (options.method === 'POST' && AbortSignal.timeout ? AbortSignal.timeout(POST_MS) : undefined);
      return fetch(`/webchat/v1/conversations${path}`, { ...options, headers, signal, cache: 'no-store' });
    }

    async open(signal) {
      if (!this.id) this.keep();
      if (this.id) return;
      this.opening = this.opening || (async () => {
        const wish = { language: (navigator.language || 'ko').slice(0, 2), after: this.before, view: true };
        const answer = await this.call('', { method: 'POST', body: JSON.stringify(wish), signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const made = await answer.json();
        this.id = made.conversation_id;
        this.token = made.token;
        this.view = made.view;
        this.keep();
      })();
      try { await this.opening; } finally { this.opening = null; }
    }

    // Put a message into the queue on this device, danger in front; what is in the queue survives closing the page.
    send(content) {
      const entry = { client_id: `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`, ...content };
      if (isPlain()) entry.plain = true;
      if (entry.danger) this.queue.unshift(entry); else this.queue.push(entry);
      this.keep();
      this.tell('queued', entry);
      if (entry.danger) this.hurry();
      this.flush();
      return entry;
    }

    async flush() {
      if (this.sending || this.stopped) return;
      this.sending = true;
      let delay = 500;
      while (this.queue.length && !this.stopped) {
        const entry = this.queue[0];
        // A line that hangs is given up after a while, and at once where danger is pressed while words are on their way.
        const line = new AbortController();
        const { signal } = line;
        const patience = setTimeout(() => line.abort(), POST_MS);
        let hurried = false;
        this.hurry = entry.danger ? () => {} : () => { hurried = true; line.abort(); };
        try {
          await this.open(signal);
          const answer = await this.call(`/${this.id}/messages`, { method: 'POST', body: JSON.stringify(entry), signal });
          if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
          const body = await answer.json().catch(() => ({}));
          this.queue.splice(this.queue.indexOf(entry), 1);
          delay = 500;
          if (answer.ok) this.tell('received', { client_id: entry.client_id, sequence: body.sequence });
          else {
            const code = body.error && body.error.code;
            if (['unknown_conversation', 'bad_token', 'conversation_closed'].includes(code)) {
              this.queue.unshift(entry);
              this.renew();
            } else this.tell('refused', { client_id: entry.client_id, message: body.error && body.error.message });
          }
          this.keep();
          this.tell('online');
        } catch {
          this.keep();
          this.tell('kept', { client_id: entry.client_id });
          if (hurried) continue;
          this.tell('trouble');
          // Danger does not wait for the next try of whatever stood before it.
          await Promise.race([wait(delay), new Promise((now) => { this.hurry = now; })]);
          delay = Math.min(delay * 2, 8000);
        } finally { clearTimeout(patience); }
      }
      this.sending = false;
    }

    // The conversation is over: what waits goes into a new one.
    renew() {
      this.before = { conversation_id: this.id, token: this.token };
      this.id = this.token = '';
      this.last = this.wiped = 0;
      this.keep();
      this.tell('renewed');
      this.turn();
    }

    // What the line is to bring has changed: it is taken up again.
    turn() { this.turned = true; if (this.line) this.line.abort(); }

    async follow() {
      for (;;) {
        if (this.stopped) return;
        if (!this.id) { await wait(300); continue; }
        try {
          // What was wiped while there was no line must not come back with it.
          if (this.wiped) await this.tellWiped();
          if (this.failures < 3) { await this.through(this.listen, SILENT_MS); await wait(1000 * Math.random()); }
          // Where no stream has come through it is asked for news, and for a stream now and then: it may be another net by now.
          else if (++this.polls % POLLS) await this.through(this.poll, POST_MS);
          else await this.through(this.listen, POST_MS).catch(() => wait(1000 * Math.random()));
        } catch {
          if (this.turned) { this.turned = false; continue; }
          this.failures += 1;
          this.tell('trouble');
          // Each at a time of its own: after a break of the server thousands come back.
          await wait(Math.min(500 * 2 ** this.failures, 8000) * (0.5 + Math.random()));
        }
      }
    }

    async through(way, ms) {
      // The server pings every 15 s; a line that is silent for longer is dead, whatever the browser believes.
      const line = new AbortController();
      this.line = line;
      let watch;
      const alive = (patience) => { clearTimeout(watch); watch = setTimeout(() => line.abort(), patience); };
      alive(ms);
      try { await way.call(this, line.signal, () => alive(SILENT_MS)); } finally { clearTimeout(watch); }
    }

    async listen(signal, alive) {
      const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(this.last) };
      const answer = await this.call(`/${this.id}/events`, { headers, signal });
      if (!answer.ok || !answer.body) throw await this.lost(answer);
      alive();
      this.failures = 0;
      this.view = answer.headers.get('X-View') || '';
      this.tell('online');
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done || this.stopped) return;
        alive();
        text += value.replaceAll('\r', '');
        let end;
        while ((end = text.indexOf('\n\n')) >= 0) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          const data = block.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
          if (data) this.take(JSON.parse(data));
        }
      }
    }

    async poll(signal) {
      const answer = await this.call(`/${this.id}/events?after=${this.last}`, { signal });
      if (!answer.ok) throw await this.lost(answer);
      this.view = answer.headers.get('X-View') || '';
      const found = await answer.json();
      found.events.forEach((event) => this.take(event));
      this.tell('online');
      if (!found.events.length) await wait(2500);
      this.failures = Math.max(3, this.failures - 1);
    }

    async lost(answer) {
      if (answer.status === 404 || answer.status === 401) this.renew();
      return new Error(String(answer.status));
    }

    take(event) {
      if (event.kind === 'typing') { this.tell('typing'); return; }
      if (event.seq <= this.last) return;
      this.last = event.seq;
      this.tell('event', event);
    }

    // What was said before is shown again to whoever proves to be the one who said it.
    async prove(words) {
      if (!this.id) return NOT_PROVED;
      const answer = await this.call(`/${this.id}/history`, { method: 'POST', body: JSON.stringify({ proof: words }) });
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) return (body.error && body.error.message) || NOT_PROVED;
      this.view = body.view;
      this.last = 0;
      this.tell('again');
      this.turn();
      return '';
    }

    // Lines of one's own that are wiped before the page knows what was said before them: sent, and not shown again, each for itself.
    hide(clientIds) { this.hidden = [...new Set([...this.hidden, ...clientIds])].slice(-99); this.keep(); }
    isHidden(clientId) { return this.hidden.includes(clientId); }

    // Off the screen up to a line, here and on return.
    wipeOff(seq) {
      this.wiped = Math.max(this.wiped, seq);
      this.keep();
      this.tellWiped().catch(() => {});
    }

    async tellWiped() {
      const seq = this.wiped;
      if (!this.id || !seq) return;
      const answer = await this.call(`/${this.id}/clear`, { method: 'POST', body: JSON.stringify({ seq }) });
      if (answer.ok && this.wiped === seq) { this.wiped = 0; this.keep(); }
    }

    read(seq) { if (this.id) this.call(`/${this.id}/read`, { method: 'POST', body: JSON.stringify({ seq }) }).catch(() => {}); }
    delivered(seq) { if (this.id) this.call(`/${this.id}/read`, { method: 'POST', body: JSON.stringify({ seq, delivered: true }) }).catch(() => {}); }
    typing() {
      if (!this.id || Date.now() - (this.typedAt || 0) < 3000) return;
      this.typedAt = Date.now();
      this.call(`/${this.id}/typing`, { method: 'POST' }).catch(() => {});
    }
    wipe() { this.stopped = true; this.id = this.token = ''; this.queue = []; this.turn(); store.wipe(); }
  }
  window.Channel = Channel;
})();
