// The reply box. Enter sends, Shift+Enter breaks the line; while Hangul is being composed, Enter ends the composition first and sends
// exactly once afterwards. The text stays in the box until the server has said that it is written.
const AFTER_COMPOSITION_MS = 60;
const REMEMBERED_MS = 3000;

export default {
  template: `
    <form class="composer" @submit.prevent="send" :class="{off: !enabled}">
      <label class="unseen" :for="field">답장</label>
      <textarea :id="field" ref="text" data-composer v-show="enabled" rows="2" :maxlength="max" :placeholder="placeholder" :readonly="sending !== null" autocomplete="off" spellcheck="false"
        aria-keyshortcuts="r" @keydown="key" @beforeinput="beforeInput" @compositionstart="composing = true" @compositionend="composed" @input="typed"></textarea>
      <p v-if="!enabled" class="why">{{ why }}</p>
      <div class="foot" v-show="enabled"><span class="hint">{{ failure || 'Enter 보내기 · Shift+Enter 줄바꿈 · Esc 나가기' }}</span>
        <span class="left" :class="{near: left < 100}">남은 글 {{ left }}자</span>
        <button type="submit" class="primary" :disabled="!enabled || sending !== null || left === max">{{ sending !== null ? '보내는 중…' : '보내기' }}</button></div>
    </form>`,
  props: { enabled: Boolean, why: String, placeholder: String, max: Number, draft: String, caseId: Number },
  emits: ["send", "draft"],
  data() {
    return { composing: false, pending: false, endedAt: 0, sending: null, left: this.max, failure: "", field: "reply-" + Math.random().toString(36).slice(2) };
  },
  mounted() {
    this.$refs.text.value = this.draft || "";
    this.count();
    this.onReply = () => this.enter();
    document.addEventListener("desk:reply", this.onReply);
    this.enter();
  },
  unmounted() {
    document.removeEventListener("desk:reply", this.onReply);
    clearTimeout(this.saving);
    clearTimeout(this.giveUp);
  },
  watch: {
    enabled() {
      this.$nextTick(() => this.enter());
    },
  },
  methods: {
    enter() {
      // Whoever pressed r a moment before the case was theirs still wants to write.
      if (!this.enabled || !(performance.now() - window.deskReplyWanted < REMEMBERED_MS)) return;
      window.deskReplyWanted = undefined;
      this.$refs.text.focus();
    },
    count() {
      const box = this.$refs.text;
      this.left = this.max - box.value.length;
      box.style.height = "auto";
      box.style.height = Math.min(box.scrollHeight + 2, 200) + "px";
    },
    key(e) {
      if (e.key === "Escape" && !e.isComposing) {
        e.preventDefault();
        e.target.blur();
        document.dispatchEvent(new CustomEvent("desk:move", { detail: 0 }));
        return;
      }
      if (e.key !== "Enter" && e.code !== "Enter" && e.code !== "NumpadEnter") {
        this.pending = false;
        return;
      }
      if (e.shiftKey) return;
      if (e.isComposing || this.composing) {
        this.pending = true; // the syllable is not in the text yet; compositionend sends
        return;
      }
      e.preventDefault();
      // Safari reports the same Enter once more, with code 229, right after compositionend has already sent.
      if (e.keyCode === 229 && performance.now() - this.endedAt < AFTER_COMPOSITION_MS && this.sending !== null) return;
      this.send();
    },
    beforeInput(e) {
      const breaks = e.inputType === "insertLineBreak" || e.inputType === "insertParagraph";
      if (breaks && (this.pending || (performance.now() - this.endedAt < AFTER_COMPOSITION_MS && this.sending !== null))) e.preventDefault();
    },
    composed() {
      this.composing = false;
      this.endedAt = performance.now();
      if (!this.pending) return;
      this.pending = false;
      setTimeout(() => this.send(), 0); // after the browser has put the syllable into the text
    },
    typed() {
      this.failure = "";
      this.count();
      clearTimeout(this.saving);
      this.saving = setTimeout(() => this.$emit("draft", { case_id: this.caseId, text: this.$refs.text.value }), 400);
    },
    send() {
      const text = this.$refs.text.value.trim();
      if (!this.enabled || this.sending !== null || !text) return;
      clearTimeout(this.saving);
      // The same words tried again keep their id, so that a lost answer never writes them twice.
      if (!this.retry || this.retry.text !== text) this.retry = { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), text };
      this.sending = this.retry.id;
      this.failure = "";
      this.$emit("send", { case_id: this.caseId, text, client_id: this.retry.id });
      this.giveUp = setTimeout(() => this.sent(this.retry?.id, false, "아직 저장되지 않았습니다. 다시 보내기를 누르세요."), 8000);
    },
    sent(id, ok, message) {
      if (id !== this.sending) return;
      clearTimeout(this.giveUp);
      this.sending = null;
      if (ok) {
        this.$refs.text.value = "";
        this.retry = null;
        this.count();
      } else {
        this.failure = message;
      }
    },
  },
};
