// The keys of the review page: j/k move, Enter opens (the browser's own way with a button), letters press the button that shows them.
const PATIENCE_MS = 800;

export default {
  template: `<span class="unseen" aria-hidden="true"></span>`,
  mounted() {
    this.current = "";
    this.onKey = (e) => this.key(e);
    this.onCurrent = (e) => this.show(e.detail);
    // The list is drawn anew after each change: what is open keeps its mark.
    this.watcher = new MutationObserver(() => this.refresh());
    document.querySelectorAll(".worklist, .review-detail").forEach((part) => this.watcher.observe(part, { childList: true, subtree: true }));
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("review:current", this.onCurrent);
    document.body.dataset.reviews = "ready";
  },
  unmounted() {
    this.watcher.disconnect();
    clearTimeout(this.waiting);
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("review:current", this.onCurrent);
  },
  methods: {
    entries() {
      return [...document.querySelectorAll("[data-entry]")];
    },
    show(name) {
      this.current = name;
      this.refresh();
    },
    refresh() {
      // Times in the viewer's own zone.
      for (const el of document.querySelectorAll("time[data-moment]:not([data-local])")) {
        el.dataset.local = "";
        el.textContent = new Date(Number(el.dataset.moment)).toLocaleString("ko-KR", { dateStyle: "medium", timeStyle: "short" });
      }
      for (const entry of this.entries()) {
        if (entry.dataset.entry === this.current) entry.setAttribute("aria-current", "true");
        else entry.removeAttribute("aria-current");
      }
    },
    key(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.repeat) return;
      clearTimeout(this.waiting);
      if (e.target.closest?.("input, textarea, select, .q-field, .q-menu") || document.querySelector(".q-menu, .q-dialog__inner")) return;
      if (e.code === "KeyJ" || e.code === "KeyK") {
        e.preventDefault();
        const entries = this.entries();
        if (!entries.length) return;
        const focused = entries.indexOf(document.activeElement);
        const at = focused >= 0 ? focused : entries.findIndex((entry) => entry.dataset.entry === this.current);
        const next = at < 0 ? 0 : Math.min(entries.length - 1, Math.max(0, at + (e.code === "KeyJ" ? 1 : -1)));
        entries[next].focus();
        return;
      }
      if (this.press(e.code)) e.preventDefault();
      else if (document.querySelector(`[data-key="${CSS.escape(e.code)}"]`)) this.later(e.code, performance.now() + PATIENCE_MS);
    },
    // Two buttons may share a key (the degrees of yes and of no): the visible one is meant.
    press(code) {
      const button = [...document.querySelectorAll(`[data-key="${CSS.escape(code)}"]:not([disabled])`)].find((one) => one.offsetParent);
      button?.click();
      return Boolean(button);
    },
    // A quick hand presses the degree before the server has shown it.
    later(code, until) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.press(code) || (performance.now() < until && this.later(code, until)), 30);
    },
  },
};
