// The reply box. Enter sends, Shift+Enter breaks the line; while Hangul is being composed, Enter ends the composition first and sends
// exactly once afterwards. The text stays in the box until the server has said that it is written.
// What is put into it besides typing (canned texts, notices, suggestions) is in picking.js.
import { AFTER_COMPOSITION_MS, Picking } from "/desk/assets/picking.js";

const REMEMBERED_MS = 3000;
const TYPING_MS = 3000;
// As each channel counts (conversation/schemas.py, TextUnit).
const LENGTHS = {
  characters: (text) => [...text].length,
  utf16: (text) => text.length,
  utf8: (text) => new TextEncoder().encode(text).length,
  euc_kr: (text) => [...text].reduce((sum, c) => sum + (c.codePointAt(0) < 0x80 ? 1 : 2), 0),
};

export default {
  mixins: [Picking],
  template: `
    <form class="composer" @submit.prevent="send()" :class="{off: !enabled}">
      <text-panel v-if="enabled && panel" v-bind="panel" :list-id="field + '-list'" @query="ask" @key="panelKey" @composing="panelComposing" @pick="pick" @select="panel.selected = $event"
        @close="closePanel"></text-panel>
      <div class="suggested" v-show="enabled" role="group" aria-label="안내 제안">
        <span class="label">안내 제안</span>
        <button v-for="(item, i) in suggestions" :key="item.key" type="button" class="small" :title="item.text" :aria-keyshortcuts="'Alt+' + (i + 1)" @click="putSuggestion(i)">
          <kbd aria-hidden="true">Alt+{{ i + 1 }}</kbd><span class="name">{{ item.title }}</span><span class="day">{{ item.day }}</span><span v-if="item.stale.length" class="flag stale">기한 지남</span></button>
        <span v-if="!suggestions.length" class="none">{{ suggestionNote || '민원인의 글을 기다립니다.' }}</span>
        <span class="unseen" role="status">{{ suggestions.length ? '안내 제안 ' + suggestions.length + '건' : '' }}</span>
      </div>
      <label class="unseen" :for="field">답장</label>
      <textarea :id="field" ref="text" data-composer v-show="enabled" rows="2" :maxlength="max" :placeholder="placeholder" :readonly="sending !== null" autocomplete="off" spellcheck="false"
        aria-keyshortcuts="r" aria-autocomplete="list" :aria-controls="slashed ? field + '-list' : null" :aria-activedescendant="slashed && panel.items.length ? field + '-list-' + panel.selected : null"
        @keydown="key" @beforeinput="beforeInput" @compositionstart="composing = true" @compositionend="composed" @input="typed" @click="moved"></textarea>
      <p v-if="!enabled" class="why">{{ why }}</p>
      <div class="cautions" v-show="enabled" role="alert">
        <p v-for="one in cautions" :key="one.say" class="warning"><b v-if="one.stale">기한 지남</b> {{ one.say }}</p>
        <p v-if="failure" class="failure">{{ failure }}</p>
      </div>
      <div class="foot" v-show="enabled">
        <button type="button" class="small" tabindex="-1" @mousedown.prevent @click="startSlash"><kbd aria-hidden="true">/</kbd> 정형문</button>
        <button type="button" class="small" tabindex="-1" @mousedown.prevent @click="openNotices"><kbd aria-hidden="true">Ctrl+K</kbd> 안내 찾기</button>
        <span class="hint">Enter 보내기 · Shift+Enter 줄바꿈 · Esc 나가기</span>
        <span v-if="now.messages !== null" class="left" :class="{near: now.messages < 2}">보낼 수 있는 글 {{ now.messages }}개</span>
        <span v-if="now.ends" class="left">{{ now.ends }} 까지</span>
        <span class="left" :class="{near: left < now.max / 40}">{{ left < 0 ? parts + '개로 나뉘어 감' : '남은 글 ' + left + now.word }}</span>
        <button type="submit" class="primary" :class="{risky: confirming}" :disabled="!enabled || sending !== null || empty">{{ sending !== null ? '보내는 중…' : confirming ? '그래도 보내기' : '보내기' }}</button></div>
    </form>`,
  props: { enabled: Boolean, why: String, placeholder: String, max: Number, draft: String, unsent: Boolean, caseId: Number, limits: Object },
  emits: ["send", "draft", "typing"],
  data() {
    return {
      composing: false, pending: false, endedAt: 0, sending: null, now: this.limits, left: this.limits.max, parts: 1, empty: true, failure: "", confirming: "",
      field: "reply-" + Math.random().toString(36).slice(2),
    };
  },
  mounted() {
    this.$refs.text.value = this.draft || "";
    if (this.draft && this.unsent) this.failure = "연결이 끊겨 보내지 못한 글입니다. 읽어 보고 다시 보내세요.";
    this.count();
    this.onLeave = () => this.bringAway();
    window.addEventListener("pagehide", this.onLeave);
    this.onReply = () => this.enter();
    document.addEventListener("desk:reply", this.onReply);
    this.enter();
  },
  unmounted() {
    document.removeEventListener("desk:reply", this.onReply);
    window.removeEventListener("pagehide", this.onLeave);
    clearTimeout(this.saving);
    clearTimeout(this.giveUp);
  },
  watch: {
    enabled() {
      this.$nextTick(() => this.enter());
    },
  },
  methods: {
    // A page that has lost its connection begins anew once it is back: what was written meanwhile is known nowhere else.
    bringAway() {
      const text = this.$refs.text.value;
      if (!this.enabled || !text.trim()) return;
      const said = { text, client_id: (this.retry?.text === text.trim() && this.retry.id) || "", is_unsent: document.body.dataset.link !== "live" };
      navigator.sendBeacon(`/desk/drafts/${Number(this.caseId)}`, new Blob([JSON.stringify(said)], { type: "application/json" }));
    },
    leave(limits) {
      this.now = limits;
      this.count();
    },
    enter() {
      // Whoever pressed r a moment before the case was theirs still wants to write.
      if (!this.enabled || !(performance.now() - window.deskReplyWanted < REMEMBERED_MS)) return;
      window.deskReplyWanted = undefined;
      this.$refs.text.focus();
    },
    count() {
      const box = this.$refs.text;
      const length = LENGTHS[this.now.unit](box.value);
      this.left = this.now.max - length;
      this.parts = Math.ceil(length / this.now.max);
      this.empty = !box.value.length;
      box.style.height = "auto";
      box.style.height = Math.min(box.scrollHeight + 2, 200) + "px";
    },
    key(e) {
      if (this.slashed && this.panelKey(e)) return;
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
      if (!e.repeat) this.send(); // a key held down never confirms anything
    },
    beforeInput(e) {
      const breaks = e.inputType === "insertLineBreak" || e.inputType === "insertParagraph";
      const justEnded = performance.now() - this.endedAt < AFTER_COMPOSITION_MS && (this.sending !== null || this.justPicked);
      if (breaks && (this.pending || this.pickWhenFound || justEnded)) e.preventDefault();
    },
    composed() {
      this.composing = false;
      this.endedAt = performance.now();
      this.putWhatWaited();
      if (!this.pending) return;
      this.pending = false;
      setTimeout(() => (this.panel ? this.choose() : this.send()), 0); // after the browser has put the syllable into the text
    },
    typed(e) {
      this.failure = this.confirming = "";
      this.count();
      this.follow(e);
      this.recheck();
      if (this.$refs.text.value && performance.now() - (this.saidTyping ?? -TYPING_MS) >= TYPING_MS) {
        this.saidTyping = performance.now();
        this.$emit("typing");
      }
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
      this.$emit("send", { case_id: this.caseId, text, client_id: this.retry.id, confirmed: this.confirming === text });
      this.giveUp = setTimeout(() => this.sent(this.retry?.id, false, "아직 저장되지 않았습니다. 다시 보내기를 누르세요."), 8000);
    },
    sent(id, ok, message, confirm) {
      if (id !== this.sending) return;
      clearTimeout(this.giveUp);
      this.sending = null;
      this.confirming = !ok && confirm ? this.retry.text : "";
      if (ok) {
        this.$refs.text.value = "";
        this.retry = null;
        this.count();
        this.recheck();
      } else {
        this.failure = message;
      }
    },
  },
};
