#!/usr/bin/env bash
# A browser opens the page of a comparison: it has nothing to complain of, and the page has its parts.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[[ -n $browser ]] || { echo "skipped: no Chromium here (Debian's package is chromium)" && exit 77; }
make_corpus
"$program" train config.json --seeds 0,1 --output 'run <b>&'"'"'é' --log-level warning >/dev/null
"$program" report 'run <b>&'"'"'é' --output page.html --log-level warning

# What the page writes to the console, errors of loading included, comes to stderr as lines with CONSOLE.
status=0
timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --enable-logging=stderr --v=0 \
  --virtual-time-budget=2000 --dump-dom "file://$folder/page.html" >dom.html 2>browser.txt || status=$?
[[ $status == 0 ]] || { echo "skipped: Chromium does not run here (status $status): $(tail -n 1 browser.txt)" && exit 77; }
if grep -E 'CONSOLE|ERR_' browser.txt; then die "the browser complained"; fi
contains dom.html 'One config under 2 seeds'
[[ $(grep -c '<svg role="img"' dom.html) -ge 10 ]] || die "figures are missing from what the browser made of the page"
grep -qF '</main>' dom.html || die "the page is not whole"

# The same way of looking does find a complaint.
sed 's#</main>#<img src="missing.png"><script>console.error("a fault")</script></main>#' page.html >faulty.html
timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --enable-logging=stderr --v=0 \
  --virtual-time-budget=2000 --dump-dom "file://$folder/faulty.html" >/dev/null 2>faulty.txt
grep -q CONSOLE faulty.txt || die "a page that writes to the console went unnoticed: $(tail -n 5 faulty.txt)"
echo "1 passed, 0 failed"
