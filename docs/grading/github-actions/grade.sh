#!/bin/sh
# Grades the repository that it is run in: a student's, at each push. The points stand in the summary of the run.
set -eu

RUBRIC=${RUBRIC:-ssast}
FTPSPEC=${FTPSPEC:-ftpspec}
RESULTS=${RESULTS:-results}
GITHUB_STEP_SUMMARY=${GITHUB_STEP_SUMMARY:-/dev/stdout}

# What students print must not be taken for a command of the runner.
word=stop-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$word"
status=0
"$FTPSPEC" grade --one . --rubric "$RUBRIC" --out "$RESULTS" --audience student >/dev/null || status=$?
if [ "$status" -eq 0 ]; then
    # 1 MiB is what a summary may have.
    cat "$RESULTS"/*/feedback.md | head -c 1000000 >>"$GITHUB_STEP_SUMMARY"
    "$FTPSPEC" export "$RESULTS/results.jsonl" --to junit="$RESULTS/junit.xml"
fi
echo "::$word::"
exit "$status"
