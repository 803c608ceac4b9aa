// Files dropped or chosen, sent one after the other, with progress and a line for what became of each. Names and messages are text.
export default {
  template: `
    <div class="importer">
      <div class="drop" :class="{ over }" @dragenter.prevent="over = true" @dragover.prevent="over = true" @dragleave="left" @drop.prevent="dropped">
        <p><strong>파일을 여기에 끌어다 놓으세요.</strong> 여러 개도 됩니다.</p>
        <p class="soft">한글(HWPX·HWP), 워드(DOCX), PDF, 웹 페이지(HTML), 표(CSV), JSONL, 마크다운 · 파일마다 {{ mostMb }}MB까지 · 가져온 것은 모두 초안입니다</p>
        <button type="button" class="primary" @click="$refs.input.click()">파일 고르기</button>
        <input ref="input" type="file" multiple class="unseen" tabindex="-1" aria-label="가져올 파일" :accept="accept" @change="chosen">
      </div>
      <p v-if="rows.length" class="import-sum" role="status">{{ sum }}</p>
      <ul v-if="rows.length" class="import-rows" role="list">
        <li v-for="row in rows" :key="row.key" class="import-row" :class="'is-' + row.state" :data-file="row.name" :data-state="row.state">
          <div class="import-head"><span class="shape" aria-hidden="true">{{ SHAPES[row.state] }}</span><strong class="file-name">{{ row.name }}</strong>
            <span class="import-word">{{ row.word }}</span></div>
          <progress v-if="row.state === 'sending' || row.state === 'reading'" :max="100" :value="row.state === 'sending' ? row.percent : undefined" :aria-label="row.name"></progress>
          <p v-for="line in row.lines" class="import-line" :class="'is-' + line.outcome">
            <button v-if="line.id && line.outcome !== 'error'" type="button" class="link" @click="$emit('open', line.id)">{{ line.title || line.id }}</button>
            <span v-else-if="line.name && line.name !== row.name">{{ line.name }}</span>
            <span>{{ line.message }}</span></p>
        </li>
      </ul>
    </div>`,
  props: { mostMb: Number, accept: String },
  emits: ["done", "open", "signed_out"],
  data() {
    return { rows: [], over: false, busy: false, SHAPES: { waiting: "○", sending: "◔", reading: "◑", taken: "●", partly: "◐", unchanged: "＝", refused: "✕" } };
  },
  computed: {
    sum() {
      const count = (...states) => this.rows.filter((row) => states.includes(row.state)).length;
      const left = count("waiting", "sending", "reading");
      return `${this.rows.length}개 가운데 받음 ${count("taken", "unchanged")} · 일부만 ${count("partly")} · 못 받음 ${count("refused")}${left ? ` · 남음 ${left}` : ""}`;
    },
  },
  mounted() {
    // A file that misses the area must not replace the page.
    this.onStray = (e) => e.preventDefault();
    window.addEventListener("dragover", this.onStray);
    window.addEventListener("drop", this.onStray);
  },
  unmounted() {
    window.removeEventListener("dragover", this.onStray);
    window.removeEventListener("drop", this.onStray);
  },
  methods: {
    left(e) {
      if (!e.currentTarget.contains(e.relatedTarget)) this.over = false;
    },
    dropped(e) {
      this.over = false;
      this.add(e.dataTransfer.files);
    },
    chosen(e) {
      this.add(e.target.files);
      e.target.value = "";
    },
    add(files) {
      for (const file of files) this.rows.push({ key: `${this.rows.length}`, file, name: file.name, state: "waiting", word: "기다림", percent: 0, lines: [] });
      this.work();
    },
    async work() {
      if (this.busy) return;
      this.busy = true;
      for (let row; (row = this.rows.find((one) => one.state === "waiting")); ) {
        await this.send(row);
        row.file = null;
      }
      this.busy = false;
      this.$emit("done");
    },
    send(row) {
      if (row.file.size > this.mostMb * 1e6) {
        this.refuse(row, `파일이 너무 큽니다(${Math.ceil(row.file.size / 1e6)}MB). ${this.mostMb}MB까지 받습니다.`);
        return Promise.resolve();
      }
      row.state = "sending";
      row.word = "보내는 중";
      return new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("POST", `/kb/import?name=${encodeURIComponent(row.name)}`);
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.upload.onprogress = (e) => (row.percent = e.lengthComputable ? (100 * e.loaded) / e.total : 0);
        request.upload.onload = () => ((row.state = "reading"), (row.word = "읽는 중"));
        request.onload = () => (this.answered(row, request), done());
        request.onerror = () => (this.refuse(row, "보내지 못했습니다. 연결을 확인하고 다시 올려 주세요."), done());
        request.send(row.file);
      });
    },
    answered(row, request) {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {}
      if (request.status === 401) this.$emit("signed_out");
      if (request.status >= 400) return this.refuse(row, answer.error?.message || "처리하지 못했습니다.");
      row.state = answer.state;
      row.word = answer.word;
      row.lines = answer.lines;
    },
    refuse(row, sentence) {
      row.state = "refused";
      row.word = "받지 못했습니다";
      row.lines = [{ outcome: "error", message: sentence }];
    },
  },
};
