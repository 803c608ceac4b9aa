"""In which system of coordinates WeChat has given a place, and how sure it is. Pure.

Inside mainland China the platform's maps shift every place (GCJ-02), elsewhere they do not; it never says which. So the place is marked, the desk's
side takes the shift back, and the radius reaches as far as the shift, in case there was none.
"""

from __future__ import annotations

from dataclasses import replace

from conversation.schemas import Datum, Location
from handoff.datum import to_wgs84
from handoff.geography import countries_at, distance_km

#: A place that was picked on a map, or whose accuracy the platform does not tell.
PICKED_M = 100.0
#: The shift is shorter than this everywhere.
SHIFT_M = 1_000.0
SHIFTED = "CN"


def placed(location: Location) -> Location:
    """The place with its datum and a radius that holds whichever it was."""
    radius = max(location.accuracy_m or 0.0, PICKED_M)
    near = [found.country for found in countries_at(location.lat, location.lon, SHIFT_M)]
    if SHIFTED not in near:
        return replace(location, accuracy_m=radius)
    shift = 1000 * distance_km(location.lat, location.lon, *to_wgs84(location.lat, location.lon, Datum.GCJ02))
    # Just across the border it is not known which map it came from: as given, with room for the other.
    datum = Datum.GCJ02 if near[0] == SHIFTED else Datum.WGS84
    return replace(location, accuracy_m=round(radius + shift, 1), datum=datum)
