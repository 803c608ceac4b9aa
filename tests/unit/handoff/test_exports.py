"""What leaves as GeoJSON, geo: and PIDF-LO is read back by parsers, and the axes are where each format wants them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import jsonschema
import pytest
from lxml import etree
from shapely.geometry import shape

from handoff.datum import to_gcj02, to_wgs84
from handoff.exports import Form, export, geo_uri, geojson, pidf_lo
from handoff.schemas import Place

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678, tzinfo=UTC)
BAVET = Place(
    fix_id=1,
    kind="fix",
    lat=11.0632,
    lon=106.1356,
    radius_m=18.0,
    confidence="high",
    method="gps",
    datum="WGS84",
    source="webchat",
    text="",
    fixed_at=MOMENT,
    received_at=MOMENT,
    expires_at=datetime(2026, 11, 25, tzinfo=UTC),
)
#: RFC 7946: a position is longitude, latitude.
GEOJSON = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"const": "Feature"},
        "geometry": {
            "type": "object",
            "required": ["type", "coordinates"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "Point"},
                "coordinates": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "prefixItems": [{"type": "number", "minimum": -180, "maximum": 180}, {"type": "number", "minimum": -90, "maximum": 90}],
                },
            },
        },
        "properties": {"type": "object"},
    },
}
#: RFC 5870, the grammar for two coordinates in the default datum.
GEO_URI = re.compile(r"geo:-?\d+(\.\d+)?,-?\d+(\.\d+)?(;u=\d+(\.\d+)?)?")
#: RFC 5491 and 4119 in RELAX NG, as far as a circle or a point of a person goes.
PIDF_LO = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes" ns="urn:ietf:params:xml:ns:pidf">
 <start><element name="presence"><attribute name="entity"><data type="anyURI"/></attribute>
  <element name="person" ns="urn:ietf:params:xml:ns:pidf:data-model"><attribute name="id" ns=""><data type="ID"/></attribute>
   <element name="geopriv" ns="urn:ietf:params:xml:ns:pidf:geopriv10">
    <element name="location-info"><choice>
     <element name="Circle" ns="http://www.opengis.net/pidflo/1.0"><ref name="crs"/><ref name="pos"/>
      <element name="radius"><attribute name="uom" ns=""><value>urn:ogc:def:uom:EPSG::9001</value></attribute>
       <data type="double"><param name="minInclusive">0</param></data></element></element>
     <element name="Point" ns="http://www.opengis.net/gml"><ref name="crs"/><ref name="pos"/></element>
    </choice></element>
    <element name="usage-rules">
     <element name="retransmission-allowed" ns="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy"><data type="boolean"/></element>
     <element name="retention-expiry" ns="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy"><data type="dateTime"/></element></element>
    <optional><element name="method"><choice><value>GPS</value><value>802.11</value><value>Cell</value><value>Manual</value></choice></element></optional>
   </element>
   <element name="timestamp"><data type="dateTime"/></element>
  </element></element></start>
 <define name="crs"><attribute name="srsName" ns=""><value>urn:ogc:def:crs:EPSG::4326</value></attribute></define>
 <define name="pos"><element name="pos" ns="http://www.opengis.net/gml"><list>
  <data type="double"><param name="minInclusive">-90</param><param name="maxInclusive">90</param></data>
  <data type="double"><param name="minInclusive">-180</param><param name="maxInclusive">180</param></data></list></element></define>
</grammar>"""
SCHEMA = etree.RelaxNG(etree.fromstring(PIDF_LO))
NAMES = {"gml": "http://www.opengis.net/gml", "gs": "http://www.opengis.net/pidflo/1.0", "gp": "urn:ietf:params:xml:ns:pidf:geopriv10"}
PLACES = [
    BAVET,
    replace(BAVET, radius_m=None, method="device"),
    replace(BAVET, lat=-33.86785, lon=151.20732, method="wifi"),
    replace(BAVET, lat=90.0, lon=12.0),
    replace(BAVET, lat=0.0000001, lon=-179.9999999, radius_m=0.00001),
    replace(BAVET, lat=39.9134, lon=116.3840, datum="GCJ02", method="typed"),
]


@pytest.mark.parametrize("place", PLACES)
def test_geojson_validates(place):
    content = json.loads(geojson(place, 12))
    jsonschema.Draft202012Validator(GEOJSON).validate(content)
    assert shape(content["geometry"]).geom_type == "Point"


@pytest.mark.parametrize("place", PLACES)
def test_geo_uri_follows_the_grammar(place):
    assert GEO_URI.fullmatch(geo_uri(place))


@pytest.mark.parametrize("place", PLACES)
def test_pidf_lo_validates(place):
    SCHEMA.assertValid(etree.fromstring(pidf_lo(place, 12).encode()))


def test_the_schemas_refuse_swapped_axes():
    swapped = replace(BAVET, lat=106.1356, lon=11.0632)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(GEOJSON).validate(json.loads(geojson(swapped, 12)))
    assert not SCHEMA.validate(etree.fromstring(pidf_lo(swapped, 12).encode()))


def test_axis_order_of_each_form():
    point = shape(json.loads(geojson(BAVET, 12))["geometry"])
    assert (point.x, point.y) == (106.1356, 11.0632)
    assert geo_uri(BAVET) == "geo:11.0632,106.1356;u=18"
    assert etree.fromstring(pidf_lo(BAVET, 12).encode()).findtext(".//gml:pos", namespaces=NAMES) == "11.0632 106.1356"


def test_pidf_lo_carries_radius_method_and_when_to_delete_it():
    root = etree.fromstring(pidf_lo(BAVET, 12).encode())
    assert root.findtext(".//gs:radius", namespaces=NAMES) == "18"
    assert root.findtext(".//gp:method", namespaces=NAMES) == "GPS"
    assert "2026-11-25T00:00:00Z" in pidf_lo(BAVET, 12)
    assert root.find(".//gp:method", NAMES) is not None
    assert etree.fromstring(pidf_lo(replace(BAVET, method="device"), 12).encode()).find(".//gp:method", NAMES) is None


def test_at_the_pole_the_longitude_is_zero():
    assert geo_uri(replace(BAVET, lat=-90.0, lon=45.0)) == "geo:-90,0;u=18"


def test_no_exponent_however_small():
    assert geo_uri(replace(BAVET, lat=1e-9, lon=-1e-9, radius_m=1e-9)) == "geo:0,0;u=0"


def test_words_have_no_coordinates_to_export():
    words = replace(BAVET, kind="typed", lat=None, lon=None, text="3층 왼쪽 방")
    for form in Form:
        with pytest.raises(ValueError, match="coordinates"):
            export(words, 12, form)


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),  # Shanghai
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),  # Shenzhen
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),  # Beijing
    ],
)
def test_the_chinese_shift_is_undone_to_a_metre(wgs84, gcj02):
    assert to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-8)
    assert to_wgs84(*gcj02, "GCJ02") == pytest.approx(wgs84, abs=1e-5)
    assert to_wgs84(*gcj02, "WGS84") == gcj02


def test_outside_china_nothing_is_shifted():
    assert to_wgs84(48.2, 16.37, "GCJ02") == (48.2, 16.37)
