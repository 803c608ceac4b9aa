// A picture or PDF for the citizen: chosen, looked at by name, and only then sent. What came back stays until the next one is chosen.
export default {
  template: `
    <div class="file-picker" v-show="enabled">
      <input ref="input" type="file" accept="image/jpeg,image/png,image/webp,image/gif,image/heic,application/pdf" class="unseen" tabindex="-1" aria-hidden="true" @change="chose">
      <button v-if="!file" type="button" class="small" data-action="file" @click="$refs.input.click()">사진·PDF 고르기</button>
      <template v-else>
        <span class="name">{{ file.name }} · {{ (file.size / 1e6).toFixed(1) }} MB</span>
        <button type="button" class="small primary" data-action="send-file" :disabled="sending" @click="send">{{ sending ? '보내는 중…' : '민원인에게 보내기' }}</button>
        <button type="button" class="small" :disabled="sending" @click="drop">취소</button>
        <span v-if="note" class="note">{{ note }}</span>
      </template>
      <span class="said" role="status" :class="{failure: failed}">{{ said }}</span>
    </div>`,
  props: { enabled: Boolean, caseId: Number, note: String },
  data() {
    return { file: null, sending: false, said: "", failed: false };
  },
  methods: {
    chose(e) {
      this.file = e.target.files[0] || null;
      e.target.value = "";
      this.said = "";
      // The same file tried again keeps its id, so that a lost answer never sends it twice.
      this.id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    },
    drop() {
      this.file = null;
      this.said = "";
    },
    async send() {
      this.sending = true;
      this.failed = false;
      this.said = "";
      try {
        const headers = { "Content-Type": "application/octet-stream", "X-Client-Id": this.id, "X-File-Name": encodeURIComponent(this.file.name) };
        const answer = await fetch(`/desk/files/${this.caseId}`, { method: "POST", body: this.file, headers });
        const body = await answer.json().catch(() => ({}));
        this.failed = !answer.ok;
        this.said = answer.ok ? "보냈습니다." : (body.error && body.error.message) || "보내지 못했습니다.";
        if (answer.ok) this.file = null;
      } catch {
        this.failed = true;
        this.said = "연결이 끊겨 보내지 못했습니다. 다시 누르면 한 번만 갑니다.";
      }
      this.sending = false;
    },
  },
};
