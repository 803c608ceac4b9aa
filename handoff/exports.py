"""A place in the forms that others read: GeoJSON, a ``geo:`` URI (RFC 5870) and PIDF-LO (RFC 5491). Pure; always WGS84.

Axis order differs: GeoJSON is longitude first, the other two latitude first.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from xml.etree import ElementTree as Xml

from handoff.datum import to_wgs84
from handoff.schemas import Place

DECIMALS = 6
_PIDF = "urn:ietf:params:xml:ns:pidf"
_MODEL = f"{_PIDF}:data-model"
_GEOPRIV = f"{_PIDF}:geopriv10"
_POLICY = f"{_GEOPRIV}:basicPolicy"
_GML = "http://www.opengis.net/gml"
_SHAPES = "http://www.opengis.net/pidflo/1.0"
_WGS84 = "urn:ogc:def:crs:EPSG::4326"
_METRE = "urn:ogc:def:uom:EPSG::9001"
#: Tokens of IANA's method registry; what is not known to be one of them is left out.
_METHODS = {"gps": "GPS", "wifi": "802.11", "network": "Cell", "typed": "Manual"}

for _prefix, _uri in (("", _PIDF), ("dm", _MODEL), ("gp", _GEOPRIV), ("gbp", _POLICY), ("gml", _GML), ("gs", _SHAPES)):
    Xml.register_namespace(_prefix, _uri)


class Form(StrEnum):
    """What a desk can copy."""

    GEOJSON = "geojson"
    GEO_URI = "geo"
    PIDF_LO = "pidf-lo"


def export(place: Place, case_id: int, form: Form) -> str:
    """A place with coordinates as text.

    Raises:
        ValueError: the place has no coordinates.
    """
    return {Form.GEOJSON: geojson, Form.GEO_URI: geo_uri, Form.PIDF_LO: pidf_lo}[form](place, case_id)


def _point(place: Place) -> tuple[float, float]:
    if place.lat is None or place.lon is None:
        raise ValueError("a place in words has no coordinates")
    lat, lon = to_wgs84(place.lat, place.lon, place.datum)
    return round(lat, DECIMALS), round(lon, DECIMALS)


def geojson(place: Place, case_id: int) -> str:
    """A GeoJSON feature (RFC 7946): longitude, then latitude."""
    lat, lon = _point(place)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {
            "case_id": case_id,
            "radius_m": place.radius_m,
            "confidence": place.confidence,
            "method": place.method,
            "fixed_at": _moment(place.fixed_at),
            "delete_by": _moment(place.expires_at),
        },
    }
    return json.dumps(feature, ensure_ascii=False)


def geo_uri(place: Place, case_id: int = 0) -> str:
    """A ``geo:`` URI: latitude, longitude, and the uncertainty in metres; nothing in it names the case."""
    lat, lon = _point(place)
    if abs(lat) == 90:
        lon = 0.0  # RFC 5870: at the poles every longitude is 0
    uncertainty = f";u={_plain(place.radius_m, 1)}" if place.radius_m is not None else ""
    return f"geo:{_plain(lat)},{_plain(lon)}{uncertainty}"


def pidf_lo(place: Place, case_id: int) -> str:
    """A PIDF-LO document about a person: a circle (a point without a radius), latitude first, not to be passed on, to be deleted when we delete it."""
    lat, lon = _point(place)
    root = Xml.Element(f"{{{_PIDF}}}presence", entity=f"pres:case-{case_id}@gildongmu.invalid")
    person = Xml.SubElement(root, f"{{{_MODEL}}}person", id=f"case-{case_id}")
    geopriv = Xml.SubElement(person, f"{{{_GEOPRIV}}}geopriv")
    info = Xml.SubElement(geopriv, f"{{{_GEOPRIV}}}location-info")
    shape = Xml.SubElement(info, f"{{{_GML}}}Point" if place.radius_m is None else f"{{{_SHAPES}}}Circle", srsName=_WGS84)
    Xml.SubElement(shape, f"{{{_GML}}}pos").text = f"{_plain(lat)} {_plain(lon)}"
    if place.radius_m is not None:
        Xml.SubElement(shape, f"{{{_SHAPES}}}radius", uom=_METRE).text = _plain(place.radius_m, 1)
    rules = Xml.SubElement(geopriv, f"{{{_GEOPRIV}}}usage-rules")
    Xml.SubElement(rules, f"{{{_POLICY}}}retransmission-allowed").text = "false"
    Xml.SubElement(rules, f"{{{_POLICY}}}retention-expiry").text = _moment(place.expires_at)
    if place.method in _METHODS:
        Xml.SubElement(geopriv, f"{{{_GEOPRIV}}}method").text = _METHODS[place.method]
    Xml.SubElement(person, f"{{{_MODEL}}}timestamp").text = _moment(place.fixed_at)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode")


def _plain(number: float, decimals: int = DECIMALS) -> str:
    """Without an exponent and without zeros at the end, as both grammars ask."""
    text = f"{number:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
