#pragma once
// The style sheet of a report's page. Colours: Okabe and Ito's palette, which the common kinds of colour blindness keep
// apart, darker where the ground is light and yellow replaced; the first colour is that of the text.

namespace infomtl::report {

inline constexpr const char* kPageStyle = R"css(
:root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--quiet:#5b6470;--faint:#d9dde2;--soft:#f3f5f7;--accent:#0a5a9c;
--c0:#1b1f24;--c1:#0072b2;--c2:#c44e00;--c3:#00805c;--c4:#a6498a;--c5:#b07800;--c6:#2f8fc9;--c7:#7b5a3c}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--text:#e6e9ed;--quiet:#a3abb5;--faint:#363c44;--soft:#1e2329;
--accent:#7cc0f5;--c0:#f2f4f6;--c1:#56b4e9;--c2:#ff8a4c;--c3:#2fc79a;--c4:#e59acb;--c5:#f0c24b;--c6:#9ad0ff;--c7:#c9a583}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem clamp(.75rem,3vw,2rem) 3rem;background:var(--ground);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .25rem}
h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:2px solid var(--faint)}
h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
h4{font-size:.9rem;margin:0 0 .15rem;line-height:1.25}
p{max-width:46rem;margin:.5rem 0}
a{color:var(--accent)}
code{font:.85em ui-monospace,"DejaVu Sans Mono",monospace}
small,figcaption,caption,.fine{color:var(--quiet);font-size:.85rem}
nav ul{columns:14rem;padding:0;list-style:none;margin:.5rem 0}
nav li{padding:.15rem 0}
nav li.part{font-weight:600;margin-top:.3rem}
.notice{border-left:4px solid var(--c5);background:var(--soft);padding:.5rem .8rem;max-width:none}
.scroll{overflow-x:auto;margin:.6rem 0;max-width:100%}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.2rem 0 .4rem}
caption span{display:block;max-width:min(46rem,calc(100vw - 2rem))}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--faint);text-align:left;vertical-align:top;overflow-wrap:normal}
thead th{border-bottom:2px solid var(--quiet);vertical-align:bottom;font-weight:600;max-width:11rem;overflow-wrap:break-word}
tbody th{font-weight:500;min-width:13rem;max-width:22rem;overflow-wrap:anywhere}
@media (max-width:40rem){tbody th{min-width:9.5rem;max-width:45vw}}
td code{overflow-wrap:anywhere}
.number{text-align:right}
td.number{white-space:nowrap}
tr.baseline{background:var(--soft)}
tr.winner{background:var(--soft);font-weight:700}
tr.unfinished{font-style:italic}
.matrices{display:flex;flex-wrap:wrap;gap:1.5rem}
.matrix tbody th,.matrix th{max-width:7rem;min-width:3rem;overflow-wrap:anywhere}
.matrix td{text-align:center}
figure{margin:.6rem 0 1rem}
figcaption{max-width:46rem;margin-top:.3rem}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1rem 1.25rem}
.panel{min-width:0;max-width:30rem}
.panel svg{display:block;width:100%;height:auto}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.4rem 0 .8rem;list-style:none;font-size:.87rem}
.sample{width:2.5rem;height:.8rem;vertical-align:middle}
svg text{fill:var(--text);font:11px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;unicode-bidi:plaintext}
svg .tick,svg .label{fill:var(--quiet);font-size:10.5px;paint-order:stroke;stroke:var(--ground);stroke-width:2.5px}
svg .name{font-size:11.5px;paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}
svg .grid{stroke:var(--faint)}
svg .axis{stroke:var(--quiet)}
svg .zero{stroke:var(--text);stroke-width:1.2}
svg .mark{stroke:var(--quiet);stroke-dasharray:5 4}
.c0{--own:var(--c0)}.c1{--own:var(--c1)}.c2{--own:var(--c2)}.c3{--own:var(--c3)}
.c4{--own:var(--c4)}.c5{--own:var(--c5)}.c6{--own:var(--c6)}.c7{--own:var(--c7)}
svg .line{stroke:var(--own);stroke-width:1.7;stroke-linejoin:round}
.d1 .line{stroke-dasharray:6 3}.d2 .line{stroke-dasharray:1.5 2.5}
svg .band{fill:var(--own);fill-opacity:.13}
svg.many .band{fill-opacity:.06}svg.many .line{stroke-width:1.3}
svg .dot{fill:var(--own)}
svg .interval{stroke:var(--own);stroke-width:2}
svg .end{fill:var(--own);font-weight:700;font-size:10.5px}
.quiet{--own:var(--quiet)}.quiet .line{stroke-width:1;stroke-opacity:.6}.quiet .dot{fill-opacity:.6}
g:hover>.line{stroke-width:3}
:focus-visible{outline:2px solid var(--accent)}
@media print{tbody th{min-width:0}:root{color-scheme:light}body{max-width:none;padding:0;font-size:10pt}nav{display:none}
h2,h3,h4{break-after:avoid}.panel,tr,.matrix{break-inside:avoid}.scroll{overflow:visible}
table{font-size:8pt}th,td{padding:.15rem .3rem}td.number{white-space:normal}
.panels{grid-template-columns:repeat(3,1fr)}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

}  // namespace infomtl::report
