"""Writes a roster of invented learners, whose names have every length from 3 to 60 characters, in the scripts that cards can show.

Names in Latin letters take one byte of the token for a letter or two, Greek and Cyrillic ones two, Vietnamese ones up to three: so the
symbols come in all the versions that cards have.
"""

import random

PARTS = ("Li Ana Bo Ivo Zoë Mira José Łucja Ngozi Amélie Jürgen Þórdís Beatriz Stanisława Maximiliane Konstantinos Okonkwo-Bäcker "
         "Fernández-Villaverde Wolfeschlegelsteinhausen Brzęczyszczykiewicz").split()
OTHERS = ["Ελένη Παπαδάκη", "Надія Олександрівна Ґалаґан", "Κωνσταντίνος Παπαδόπουλος του Γεωργίου Αλεξάνδρου",
          "Екатерина Всеволодовна Преображенская-Златопольская", "Nguyễn Thị Ngọc Ánh", "Ιώ"]
COLUMNS = "name,email,course,completed,attendance,score,skills,scenario,instructor,instructor_id,class,prior_card,experience_months,learner_id"


def name(rng, length):
    text = ""
    while len(text) < length:
        text = (text + " " + rng.choice(PARTS)).strip()
    return text[:length].rstrip(" -")


def main():
    rng = random.Random(4)
    names = [name(rng, 3 + n * 57 // 53) for n in range(54)] + OTHERS
    print(COLUMNS)
    for n, who in enumerate(names):
        print(f"{who},learner{n}@example.org,BLS,2026-11-07,100,86,pass,,Ruth Adeyemi,I-2041,BLS-117,,,L{n:04}")


if __name__ == "__main__":
    main()
