// The base map: country outlines from our own server, under whatever the desk puts on it. Loaded before the first map is made.
(() => {
  if (window.deskBaseMap) return;
  window.deskBaseMap = true;
  let outlines;
  // Whoever looks at the place goes on seeing it, at their own zoom; whoever looks elsewhere is left there.
  L.Map.include({
    follow(from, to) {
      if (this.getBounds().contains(from)) this.panInside(to, { padding: [40, 40], animate: false });
    },
  });
  const load = () => (outlines ??= fetch("/desk/basemap.json").then((r) => r.json()));
  L.Map.addInitHook(function () {
    this.attributionControl?.setPrefix(false);
    const pane = this.createPane("outlines");
    pane.style.zIndex = 150; // below tiles when a tile server is set
    load().then((data) =>
      L.geoJSON(data, { pane: "outlines", interactive: false, style: (f) => ({ className: "outline-" + f.properties.layer }) }).addTo(this),
    );
    L.control.scale({ imperial: false }).addTo(this);
  });
})();
