"""The one style sheet of all pages: colours as variables, for light and for dark, for phones, screens and paper.

Colours of text on their background have a contrast of 4.5 to 1 or more, those of marks 3 to 1; the six series differ for the
colour-blind, too (after Okabe and Ito).
"""

STYLE = """
:root{color-scheme:light dark;
--page:#f5f6f8;--card:#fff;--ink:#1a2230;--soft:#515c6d;--line:#dfe3ea;--grid:#e9ecf1;--tint:#eef2f8;
--accent:#1f5fbf;--s0:#7b8594;--s1:#1f6fc4;--s2:#8f9aab;--s3:#c2570c;--s4:#0a7d5f;--s5:#a8418a;--s6:#7a6a00;
--good:#136f43;--good-tint:#e3f4ea;--bad:#b3261e;--bad-tint:#fdeceb;--warn:#8a5300;--warn-tint:#fdf1dc;--idle:#4c5768;--idle-tint:#edf0f4;
--amount:#1f6fc4;--alarm:#c9352b;--on:#fff}
@media (prefers-color-scheme:dark){:root{
--page:#0e131b;--card:#171e29;--ink:#e8ecf2;--soft:#a6b1c2;--line:#2b3545;--grid:#242d3b;--tint:#1d2634;
--accent:#7db4ff;--s0:#7d8899;--s1:#5ea8f5;--s2:#6f7d92;--s3:#f28c3f;--s4:#35c295;--s5:#e08ac6;--s6:#d3bd3f;
--good:#5fd39a;--good-tint:#12301f;--bad:#ff8f86;--bad-tint:#3d1a18;--warn:#f3b95a;--warn-tint:#382a10;--idle:#b4bece;--idle-tint:#252e3c;
--amount:#5ea8f5;--alarm:#ff7a6e;--on:#0e131b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
.page{max-width:1080px;margin:0 auto;padding:28px 20px 48px}
header .kind{margin:0;color:var(--soft);font-size:.85rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase}
h1{margin:.1em 0 .25em;font-size:2rem;line-height:1.2;letter-spacing:-.015em}
h2{margin:0 0 .15em;font-size:1.25rem;letter-spacing:-.01em}
h3{margin:1.3em 0 .35em;font-size:1rem}
p{margin:.3em 0 .8em}
.lead{margin:0 0 14px;color:var(--soft);max-width:75ch}
.note{color:var(--soft);font-size:.9rem}
code{font:.87em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--tint);padding:.1em .35em;border-radius:4px}
nav{margin:14px 0 0}
nav ul{display:flex;flex-wrap:wrap;gap:6px 16px;margin:0;padding:0;list-style:none;font-size:.92rem}
a{color:var(--accent);text-decoration:underline;text-underline-offset:2px;text-decoration-thickness:1px}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 24px;margin:18px 0;scroll-margin-top:12px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0 0;padding:0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:14px 16px;margin:0}
.tile dt{color:var(--soft);font-size:.84rem}
.tile dd{margin:0;font-size:1.6rem;font-weight:650;line-height:1.25;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile dd.small{font-size:1.1rem;padding:.3em 0}
.tile dd+dd{color:var(--soft);font-size:.84rem;font-weight:400;letter-spacing:0;line-height:1.4}
.badge{display:inline-block;padding:.1em .65em;border-radius:99px;font-size:.84rem;font-weight:600;line-height:1.6;white-space:nowrap;background:var(--idle-tint);color:var(--idle)}
.badge.good{background:var(--good-tint);color:var(--good)}
.badge.bad{background:var(--bad-tint);color:var(--bad)}
.badge.warn{background:var(--warn-tint);color:var(--warn)}
.verdict{border-left:5px solid var(--idle);background:var(--idle-tint);border-radius:0 10px 10px 0;padding:10px 16px;margin:16px 0 0}
.verdict.good{border-color:var(--good);background:var(--good-tint)}
.verdict.bad{border-color:var(--bad);background:var(--bad-tint)}
.verdict.warn{border-color:var(--warn);background:var(--warn-tint)}
.verdict p{margin:0}
.grid-2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px 28px}
.grid-3{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));gap:22px 26px}
figure{margin:0;min-width:0}
figcaption{font-size:.95rem;font-weight:600;margin-bottom:4px}
figcaption .note{font-weight:400;display:block}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:2px 0 4px;padding:0;list-style:none;font-size:.86rem;color:var(--soft)}
.legend i{display:inline-block;width:14px;height:10px;border-radius:3px;margin-right:6px;background:currentColor;vertical-align:baseline}
.legend .s0 i{color:var(--s0)}.legend .s1 i{color:var(--s1)}.legend .s2 i{color:var(--s2)}.legend .s3 i{color:var(--s3)}.legend .s4 i{color:var(--s4)}.legend .s5 i{color:var(--s5)}.legend .s6 i{color:var(--s6)}
.legend .alarm i{color:var(--alarm)}.legend .amount i{color:var(--amount)}
.legend .dashed i{height:0;border-top:3px dashed;background:none;border-radius:0;vertical-align:middle}
.chart{display:block;width:100%;height:auto;font-family:inherit;overflow:visible}
.for-phones{display:none}
.chart text{fill:var(--soft);font-size:12px}
.chart .label{fill:var(--ink);font-size:12.5px}
.chart .name{font-size:12px;fill:var(--soft)}
.chart .small{font-size:10.5px}
.chart .on{fill:var(--on)}
.chart .grid{stroke:var(--grid)}
.chart .axis{stroke:var(--s2)}
.chart .rule{stroke:var(--soft);stroke-dasharray:5 4}
.chart .line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.chart .line.dashed{stroke-dasharray:6 5;stroke-width:1.6}
.chart .whisker{stroke-width:1.8;fill:none;opacity:.75}
.chart .band{stroke:none;opacity:.17}
.chart .s0{stroke:var(--s0)}.chart .s1{stroke:var(--s1)}.chart .s2{stroke:var(--s2)}.chart .s3{stroke:var(--s3)}.chart .s4{stroke:var(--s4)}.chart .s5{stroke:var(--s5)}.chart .s6{stroke:var(--s6)}
.chart .band.s1,.chart .bar.s1,.chart .dot.s1{fill:var(--s1)}.chart .band.s2,.chart .bar.s2,.chart .dot.s2{fill:var(--s2)}.chart .band.s3,.chart .bar.s3,.chart .dot.s3{fill:var(--s3)}.chart .band.s4,.chart .bar.s4,.chart .dot.s4{fill:var(--s4)}.chart .band.s5,.chart .bar.s5,.chart .dot.s5{fill:var(--s5)}.chart .band.s6,.chart .bar.s6,.chart .dot.s6{fill:var(--s6)}.chart .band.s0,.chart .bar.s0,.chart .dot.s0{fill:var(--s0)}
.chart .bar,.chart .band{stroke:none}
.chart .bar.s2{opacity:.62}
.chart .dot{stroke:var(--card);stroke-width:1.2}
.chart .muted{opacity:.45}
.chart .cell.amount{fill:var(--amount)}.chart .cell.alarming{fill:var(--alarm)}.chart .cell.unknown{fill:var(--grid)}
.chart .good{fill:var(--good);stroke:var(--card)}.chart .bad{fill:var(--bad);stroke:var(--card)}.chart .warn{fill:var(--warn);stroke:var(--card)}.chart .idle{fill:var(--idle);stroke:var(--card)}
.scroll{overflow-x:auto;margin:6px 0}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
caption{text-align:left;font-weight:600;padding:0 0 6px}
th,td{text-align:left;padding:6px 18px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-weight:600;font-size:.84rem;white-space:nowrap}
tbody th{font-weight:500;min-width:6.5em}
td.prose{min-width:17em}
td.number,th.number{text-align:right;white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:8px 0 0;font-size:.95rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;min-width:0}
details{margin-top:12px}
summary{cursor:pointer;color:var(--accent);font-size:.92rem;width:max-content;max-width:100%}
ul.plain{margin:.4em 0;padding-left:1.2em}
ul.plain li{margin:.25em 0}
footer{color:var(--soft);font-size:.86rem;margin-top:22px}
@media (max-width:640px){
.page{padding:18px 12px 32px}
h1{font-size:1.55rem}
section{padding:16px 14px;border-radius:12px}
.tiles{grid-template-columns:1fr 1fr;gap:8px}
.tile{padding:10px 12px}.tile dd{font-size:1.3rem}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}
.for-screens{display:none}.for-phones{display:block}
nav ul{gap:4px 14px}}
@media print{body{background:#fff}section{break-inside:avoid-page;border:0;padding:8px 0}.page{max-width:none}nav{display:none}}
"""
