// The keys of the page: j/k move in the list that is shown, Enter opens (the browser's own way with a button), / goes to the search box.
export default {
  template: `<span class="unseen" aria-hidden="true"></span>`,
  mounted() {
    this.onKey = (e) => this.key(e);
    this.onClick = (e) => this.link(e);
    this.onCurrent = (e) => this.show(e.detail);
    this.current = "";
    this.watcher = new MutationObserver(() => this.refresh());
    document.querySelectorAll(".kb-list").forEach((part) => this.watcher.observe(part, { childList: true, subtree: true }));
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("click", this.onClick);
    document.addEventListener("kb:current", this.onCurrent);
    document.body.dataset.kb = "ready";
  },
  unmounted() {
    this.watcher.disconnect();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("click", this.onClick);
    document.removeEventListener("kb:current", this.onCurrent);
  },
  methods: {
    show(id) {
      this.current = id;
      this.refresh();
    },
    refresh() {
      for (const entry of document.querySelectorAll(".kb-list [data-entry]")) {
        if (entry.dataset.entry === this.current) entry.setAttribute("aria-current", "true");
        else entry.removeAttribute("aria-current");
      }
    },
    // A link in a previewed notice opens beside the page: nobody loses what they are writing, and the other side learns nothing of us.
    link(e) {
      const link = e.target.closest?.(".rendered a[href]");
      if (!link) return;
      e.preventDefault();
      window.open(link.href, "_blank", "noopener,noreferrer");
    },
    key(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
      if (e.target.closest?.("input, textarea, select") || document.querySelector(".q-dialog__inner")) return;
      if (e.key === "/") {
        e.preventDefault();
        document.querySelector("[data-search]")?.focus();
      } else if (e.code === "KeyJ" || e.code === "KeyK") {
        const entries = [...document.querySelectorAll("[data-entry]")].filter((one) => one.offsetParent);
        if (!entries.length) return;
        e.preventDefault();
        const focused = entries.indexOf(document.activeElement);
        const at = focused >= 0 ? focused : entries.findIndex((entry) => entry.dataset.entry === this.current);
        entries[at < 0 ? 0 : Math.min(entries.length - 1, Math.max(0, at + (e.code === "KeyJ" ? 1 : -1)))].focus();
      }
    },
  },
};
