"""The system calls of a traced run at which a crash is to be tried: crash_points.py TRACE SINCE [PART].

TRACE is of strace -f -y -ttt. A line "CALL N" for each call since the time SINCE, with PART a part of its line (a path).
strace counts calls for each thread, and the first thread that comes to its Nth CALL is the one that is hit: only such
points are listed.
"""
import collections
import re
import sys

LINE = re.compile(r"^(\d+) +(\d+\.\d+) (\w+)\(")


def points(trace, since, part):
    seen = collections.Counter()
    reached = set()
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = LINE.match(line)
            if not match:
                continue
            thread, time, call = match.groups()
            seen[thread, call] += 1
            point = call, seen[thread, call]
            if point not in reached and float(time) >= since and part in line:
                yield point
            reached.add(point)


for name, number in points(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""):
    print(name, number)
