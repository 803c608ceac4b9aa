// The keys of the menu of moves: letters press what they stand beside, arrows and j/k move. Only while the menu is open.
export default {
  template: `<span class="unseen" aria-hidden="true"></span>`,
  mounted() {
    this.onKey = (e) => this.key(e);
    document.addEventListener("keydown", this.onKey);
    const early = window.deskMenu?.keys || [];
    window.deskMenu = null;
    // The letters that were pressed while the menu was on its way; the rest of it is drawn first.
    this.$nextTick(() => early.forEach((code) => this.act(code)));
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
  },
  methods: {
    key(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.repeat || e.target.closest?.("input, textarea, select")) return;
      if (this.act(e.code)) e.preventDefault();
    },
    // True when the key meant something here. Once a letter has been pressed the menu is closing and means nothing any more.
    act(code) {
      const menu = this.$el?.closest?.("[data-dialog]");
      if (!menu || this.done) return false;
      const buttons = [...menu.querySelectorAll("[data-menu-key], [data-cancel]")];
      const step = { ArrowDown: 1, KeyJ: 1, ArrowUp: -1, KeyK: -1 }[code];
      if (step) {
        const at = buttons.indexOf(document.activeElement);
        buttons[at < 0 ? 0 : (at + step + buttons.length) % buttons.length]?.focus();
        return true;
      }
      const button = menu.querySelector(`[data-menu-key="${CSS.escape(code)}"]`);
      this.done = Boolean(button);
      button?.click();
      return this.done;
    },
  },
};
