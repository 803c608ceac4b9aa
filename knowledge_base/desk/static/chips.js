// Several values as chips, with the known ones offered while one types. Everything is interpolated as text.
export const chips = {
  template: `
    <div class="field chips">
      <label :for="id"><span>{{ label }} <small v-if="help">{{ help }}</small></span></label>
      <div class="chip-box">
        <span v-for="code in modelValue" :key="code" class="chip" :data-chip="code">{{ options[code] || code }}
          <button v-if="!readonly" type="button" class="chip-off" :aria-label="(options[code] || code) + ' 빼기'" @click="drop(code)">×</button></span>
        <input v-if="!readonly" :id="id" :name="name" :list="id + '-list'" v-model="typed" autocomplete="off" @input.stop="picked" @keydown.enter.prevent="entered" @keydown.backspace="back" @change="take">
        <span v-else-if="!modelValue.length" class="soft">없음</span>
      </div>
      <datalist :id="id + '-list'"><option v-for="(word, code) in offered" :key="code" :value="word">{{ code }}</option></datalist>
      <p v-if="unknown" class="field-problem" role="status">‘{{ unknown }}’은(는) 목록에 없습니다.</p>
    </div>`,
  props: { label: String, name: String, help: String, options: Object, modelValue: Array, free: Boolean, readonly: Boolean },
  emits: ["update:modelValue"],
  data() {
    return { typed: "", unknown: "", id: `chips-${this.name}` };
  },
  computed: {
    offered() {
      return Object.fromEntries(Object.entries(this.options).filter(([code]) => !this.modelValue.includes(code)));
    },
  },
  methods: {
    code(text) {
      const wanted = text.trim().toLowerCase();
      return Object.entries(this.options).find(([code, word]) => code.toLowerCase() === wanted || word.toLowerCase() === wanted)?.[0];
    },
    // A value chosen from the list arrives whole, without a key having been pressed.
    picked(e) {
      this.unknown = "";
      if (e.inputType !== "insertReplacementText" && e.inputType !== undefined) return;
      this.take();
    },
    entered(e) {
      if (!e.isComposing) this.take();
    },
    take() {
      const text = this.typed.trim();
      if (!text) return;
      const code = this.code(text) || (this.free ? text.replace(/\s+/g, "-") : "");
      if (!code) {
        this.unknown = text;
        return;
      }
      this.typed = "";
      this.unknown = "";
      if (!this.modelValue.includes(code)) this.$emit("update:modelValue", [...this.modelValue, code]);
    },
    drop(code) {
      this.$emit("update:modelValue", this.modelValue.filter((one) => one !== code));
    },
    back(e) {
      if (!this.typed && !e.isComposing && this.modelValue.length) this.drop(this.modelValue.at(-1));
    },
  },
};
