// Pictures and files: a line of their own, so that words and the danger button never wait behind them. Kept on the device until acknowledged.
'use strict';
(() => {
  const NAME = 'gildongmu-files';
  const MOST = 10_000_000;
  const POST_MS = 180000;
  const EDGE = 2560;
  const OVER = ['unknown_conversation', 'bad_token', 'conversation_closed'];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const made = (request) => new Promise((done, fail) => { request.onsuccess = () => done(request.result); request.onerror = () => fail(request.error); });

  // A private window may refuse storage: then a file lives as long as the page.
  const store = {
    async open() {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore('files', { keyPath: 'client_id' });
      const db = await made(request);
      // Whoever leaves in another tab must not wait for this one.
      db.onversionchange = () => db.close();
      return db;
    },
    async use(mode, what) {
      try {
        const db = await this.open();
        try { return await made(what(db.transaction('files', mode).objectStore('files'))); } finally { db.close(); }
      } catch { return null; }
    },
    put(entry) { return this.use('readwrite', (files) => files.put(entry)); },
    drop(id) { return this.use('readwrite', (files) => files.delete(id)); },
    all() { return this.use('readonly', (files) => files.getAll()); },
    wipe() { try { indexedDB.deleteDatabase(NAME); } catch { /* nothing could be kept */ } },
  };

  // A picture beyond the limit is made smaller here; nothing else can be.
  async function smaller(file) {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, EDGE / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
  }

  class Files {
    constructor(channel) {
      this.channel = channel;
      this.queue = [];
      this.sending = false;
      this.stopped = false;
      addEventListener('online', () => this.flush());
      this.restored = store.all().then((kept) => { (kept || []).forEach((entry) => this.enter(entry)); this.flush(); });
    }

    enter(entry) {
      this.queue.push(entry);
      this.channel.tell('queued', { client_id: entry.client_id, text: entry.picture ? '(사진)' : `(파일: ${entry.name})` });
    }

    async add(file) {
      const entry = { client_id: `f${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`, name: file.name, picture: file.type !== 'application/pdf', ready: false };
      this.enter(entry);
      const fit = entry.picture && file.size > MOST ? await smaller(file).catch(() => file) : file;
      // What cannot be read any more in a moment (a file that is moved, a camera's) is read now.
      Object.assign(entry, { blob: new Blob([await fit.arrayBuffer().catch(() => new ArrayBuffer(0))]), ready: true });
      if (!this.stopped) await store.put(entry);
      this.flush();
    }

    async flush() {
      if (this.sending) return;
      this.sending = true;
      let delay = 1000;
      for (;;) {
        const entry = this.queue.find((one) => one.ready);
        if (!entry || this.stopped) break;
        try {
          await this.post(entry);
          delay = 1000;
        } catch {
          if (this.stopped) break;
          this.channel.tell('kept', entry);
          await wait(delay * (0.5 + Math.random()));
          delay = Math.min(delay * 2, 15000);
        }
      }
      this.sending = false;
    }

    async post(entry) {
      const { channel } = this;
      await channel.open();
      const headers = { Authorization: `Bearer ${channel.token}`, 'Content-Type': 'application/octet-stream', 'X-Client-Id': entry.client_id, 'X-File-Name': encodeURIComponent(entry.name) };
      const signal = AbortSignal.timeout ? AbortSignal.timeout(POST_MS) : undefined;
      const answer = await fetch(`/webchat/v1/conversations/${channel.id}/files`, { method: 'POST', body: entry.blob, headers, signal, cache: 'no-store' });
      const body = await answer.json().catch(() => ({}));
      const error = body.error || {};
      if (answer.status >= 500 || answer.status === 429) throw new Error(error.code);
      if (OVER.includes(error.code)) {
        channel.renew();
        return;
      }
      this.queue.splice(this.queue.indexOf(entry), 1);
      await store.drop(entry.client_id);
      if (!answer.ok) channel.tell('refused', { client_id: entry.client_id, message: error.message });
      else if (body.stays === false) channel.tell('removed', entry);
      else channel.tell('received', { client_id: entry.client_id, sequence: body.sequence });
    }

    wipe() { this.stopped = true; this.queue = []; store.wipe(); }
  }
  window.Files = Files;
})();
