#!/bin/sh
# Cuts the card's faces into sheets of at most 224 characters, the most that a simple PDF font can address.
# A card embeds only the sheets it uses, so that it stays small and needs no font surgery at issue time.
#
# usage: cut.sh DIR-WITH-NOTO-SANS-TTF   (Debian: fonts-noto-extra; needs python3-fonttools)
set -eu
from=$1
to=$(dirname "$0")

cut() { # face weight sheet unicodes
	python3 -m fontTools.subset "$from/NotoSans-$1.ttf" --output-file="$to/$2-$3.ttf" --unicodes="$4" \
		--no-hinting --layout-features= --drop-tables+=GSUB,GPOS,GDEF,kern,DSIG,meta,STAT \
		--glyph-names --notdef-outline --no-recommended-glyphs --name-IDs=0,1,2,3,4,5,6,13,14 --no-legacy-cmap \
		--ignore-missing-unicodes
}

for pair in SemiCondensed:regular SemiCondensedSemiBold:semibold; do
	face=${pair%%:*} weight=${pair##*:}
	# Western Europe: Latin-1 without the soft hyphen, the rest of Windows-1252, hyphens, and the letters that look like apostrophes.
	cut $face $weight 1-latin 20-7E,A0-AC,AE-FF,152-153,160-161,178,17D-17E,192,2BB-2BC,2BE-2BF,2C6,2DC,2010-2011,2013-2014,2018-201A,201C-201E,2020-2022,2026,2030,2039-203A,20AC,2122
	# Central and Eastern Europe, the Baltic, Turkey, Romania (comma below), Azerbaijan.
	cut $face $weight 2-latin-a 100-151,154-15F,162-177,179-17C,17F,18F,1A0-1A1,1AF-1B0,218-21B,259,1E80-1E85,1E9E
	cut $face $weight 3-vietnamese 1EA0-1EFF
	cut $face $weight 4-greek 370-3FF
	cut $face $weight 5-cyrillic 400-45F,490-4FF
	# Africa, the Americas, transliteration.
	cut $face $weight 6-latin-b 180-18E,190-191,193-19F,1A2-1AE,1B1-217,21C-24F
	cut $face $weight 7-latin-c 1E00-1E7F,1E86-1E9D
done
