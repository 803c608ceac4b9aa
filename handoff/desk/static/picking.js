// What is put into a reply besides typing. "/" opens the canned texts; it is typed in the box itself, so that the focus never moves and the
// words behind it narrow the list, half a syllable included. Ctrl+K opens the notices, Alt+1..3 puts in a suggestion.
import TextPanel from "/desk/assets/text_panel.js";

export const AFTER_COMPOSITION_MS = 60;
const ASK_AFTER_MS = { canned: 60, notices: 180 };
const SLOT = /\{[^{}\n]+\}/;
const TYPING = "input, textarea, select, [contenteditable=true], .leaflet-container";

// Mixed into the reply box, which has the text field, its composition and what is being sent.
export const Picking = {
  components: { TextPanel },
  emits: ["find", "put"],
  data() {
    return { panel: null, suggestions: [], suggestionNote: "", cautions: [] };
  },
  created() {
    // Not reactive: where the slash or the caret stands, the number of the newest question, and choices that wait for an answer or a syllable.
    Object.assign(this, { at: 0, asked: 0, pickWhenFound: false, pickAfterPanel: false, panelIsComposing: false, justPicked: false, putLater: null, isKeys: false });
  },
  mounted() {
    this.onKey = (e) => this.anywhere(e);
    document.addEventListener("keydown", this.onKey);
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
    clearTimeout(this.asking);
  },
  computed: {
    slashed() {
      return this.panel?.kind === "canned";
    },
  },
  watch: {
    enabled(now) {
      if (!now) this.panel = null;
    },
  },
  methods: {
    anywhere(e) {
      if (!this.enabled || !this.$el.offsetParent || document.querySelector(".q-dialog__inner")) return;
      if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.code === "KeyK") {
        e.preventDefault();
        this.openNotices();
      } else if (e.altKey && !e.ctrlKey && !e.metaKey && !e.shiftKey && /^Digit[123]$/.test(e.code) && this.suggestions[e.code.slice(5) - 1]) {
        e.preventDefault();
        if (e.isComposing || this.composing) this.putLater = e.code.slice(5) - 1;
        else this.putSuggestion(e.code.slice(5) - 1);
      } else if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !e.isComposing && !e.target.closest?.(TYPING)) {
        e.preventDefault();
        this.startSlash();
      }
    },
    follow(e) {
      const box = this.$refs.text;
      const caret = box.selectionStart;
      if (this.slashed) {
        const query = box.value.slice(this.at + 1, caret);
        if (caret <= this.at || box.value[this.at] !== "/" || /^\s|\n/.test(query)) this.closePanel();
        else this.ask(query);
      } else if (e?.data === "/" && !e.isComposing && box.value[caret - 1] === "/" && /^$|\s/.test(box.value.slice(Math.max(0, caret - 2), caret - 1))) {
        this.at = caret - 1;
        this.isKeys = false;
        this.openPanel("canned");
      }
    },
    moved() {
      if (this.slashed) this.follow();
    },
    startSlash() {
      const box = this.$refs.text;
      box.focus();
      if (this.slashed) return;
      const before = box.value[box.selectionStart - 1];
      this.write((before && !/\s/.test(before) ? " " : "") + "/", box.selectionStart, box.selectionEnd);
      this.at = box.selectionStart - 1;
      if (!this.slashed) this.openPanel("canned");
      this.isKeys = true;
    },
    openNotices() {
      if (this.panel?.kind === "notices") return;
      const box = this.$refs.text;
      this.at = box.selectionEnd;
      this.openPanel("notices");
    },
    openPanel(kind) {
      this.panel = { kind, items: [], selected: 0, note: "", waiting: false, query: "" };
      this.pickWhenFound = false;
      if (kind === "canned") this.ask("", 0);
    },
    closePanel() {
      const searched = this.panel?.kind === "notices";
      this.panel = null;
      this.asked++;
      clearTimeout(this.asking);
      this.pickWhenFound = false;
      if (searched) {
        this.$refs.text.focus();
        this.$refs.text.setSelectionRange(this.at, this.at);
      }
    },
    ask(query, wait = ASK_AFTER_MS[this.panel.kind]) {
      const kind = this.panel.kind;
      this.panel.query = query;
      clearTimeout(this.asking);
      const n = ++this.asked;
      if (kind === "notices" && !query.trim()) {
        Object.assign(this.panel, { items: [], selected: 0, waiting: false, note: "" });
        return;
      }
      this.panel.waiting = true;
      this.asking = setTimeout(() => this.$emit("find", { case_id: this.caseId, n, kind, query }), wait);
    },
    found(n, items, note) {
      if (!this.panel || n !== this.asked) return; // something else has been typed since
      Object.assign(this.panel, { items, note, waiting: false, selected: 0 });
      if (this.pickWhenFound) this.choose();
    },
    // True when the key was the picker's.
    panelKey(e) {
      const code = e.code || e.key;
      const composing = e.isComposing || this.composing || this.panelIsComposing;
      if (e.key === "Escape" || code === "Escape") {
        // The slash was a key of the desk and no word: left behind it would go to the citizen with the next reply.
        const lone = this.slashed && this.isKeys && !this.panel.query && !composing ? this.at : -1;
        this.closePanel();
        if (lone >= 0) this.write("", lone, lone + 1);
      } else if (code === "ArrowDown" || code === "ArrowUp") {
        const count = this.panel.items.length;
        if (count) this.panel.selected = (this.panel.selected + (code === "ArrowDown" ? 1 : count - 1)) % count;
        if (composing) return true; // the browser ends the syllable by itself
      } else if ((code === "Enter" || code === "NumpadEnter" || e.key === "Enter") && !e.shiftKey) {
        if (composing) {
          if (this.panel.kind === "canned") this.pending = true;
          else this.pickAfterPanel = true;
          return true;
        }
        if (e.repeat || (e.keyCode === 229 && performance.now() - this.endedAt < AFTER_COMPOSITION_MS)) e.preventDefault();
        else this.choose();
      } else if (code === "Tab") {
        this.closePanel();
        return false;
      } else return false;
      e.preventDefault();
      return true;
    },
    panelComposing(now) {
      this.panelIsComposing = now;
      if (now || !this.pickAfterPanel) return;
      this.pickAfterPanel = false;
      this.endedAt = performance.now();
      setTimeout(() => this.panel && this.choose(), 0);
    },
    choose() {
      if (this.panel.waiting) this.pickWhenFound = true;
      else if (this.panel.items.length) this.pick(this.panel.selected);
      else if (this.panel.kind === "canned") this.closePanel();
    },
    pick(i) {
      const { kind } = this.panel;
      const item = this.panel.items[i];
      const box = this.$refs.text;
      const start = this.at;
      const end = kind === "canned" ? Math.max(start + 1, box.selectionStart) : start;
      this.panel = null;
      this.asked++;
      this.pickWhenFound = false;
      this.justPicked = true;
      setTimeout(() => (this.justPicked = false), AFTER_COMPOSITION_MS);
      this.insert(item, start, end);
    },
    putSuggestion(i) {
      const box = this.$refs.text;
      if (this.panel) this.closePanel();
      this.insert(this.suggestions[i], box.selectionStart, box.selectionEnd);
    },
    insert(item, start, end) {
      const box = this.$refs.text;
      box.focus();
      const quoted = item.key.startsWith("notice:");
      const before = box.value.slice(0, start);
      const after = box.value.slice(end);
      const text = (quoted && before && !before.endsWith("\n") ? "\n" : "") + item.text + (quoted && after && !after.startsWith("\n") ? "\n" : "");
      if (before.length + text.length + after.length > this.max) {
        this.failure = "글이 너무 길어집니다. 먼저 보내거나 줄인 뒤 넣으세요.";
        return;
      }
      this.write(text, start, end);
      this.$emit("put", { case_id: this.caseId, key: item.key });
      const cautions = [...item.stale.map((say) => ({ say, stale: true })), ...item.problems.map((say) => ({ say, stale: false }))];
      this.cautions.push(...cautions.filter((one) => !this.cautions.some((known) => known.say === one.say)));
      const slot = item.problems.length ? SLOT.exec(text) : null;
      if (slot) box.setSelectionRange(start + slot.index, start + slot.index + slot[0].length); // what is typed next fills it
    },
    // What was said of a text stays until there is nothing left of it: of places to fill while one is open, of the rest until the box is empty.
    recheck() {
      const text = this.$refs.text.value;
      this.cautions = this.cautions.filter((one) => (one.stale ? text.trim() : SLOT.test(text)));
    },
    // Through the browser's own editing, so that Ctrl+Z takes it back.
    write(text, start, end) {
      const box = this.$refs.text;
      box.setSelectionRange(start, end);
      if (!document.execCommand("insertText", false, text)) {
        box.setRangeText(text, start, end, "end");
        this.typed();
      }
    },
    putWhatWaited() {
      if (this.putLater === null) return;
      const i = this.putLater;
      this.putLater = null;
      setTimeout(() => this.putSuggestion(i), 0);
    },
    suggested(items, note) {
      this.suggestions = items;
      this.suggestionNote = note;
    },
  },
};
