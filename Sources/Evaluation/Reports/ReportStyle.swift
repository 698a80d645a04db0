// How a report looks: on a desk, on a phone, on paper, by day and by night.

enum ReportStyle {
  /// Colours are variables, so that night changes them in one place; paper is always day. Shades of gain and loss are blue and orange,
  /// which people who do not tell red from green can tell apart, and every number has its sign.
  static let sheet = """
    :root {
      --paper: #ffffff; --ink: #1b1f24; --quiet: #57606a; --rule: #d8dee4; --box: #f6f8fa; --band: #8c959f40;
      --s0: #0b57d0; --s1: #8250df; --s2: #57606a; --s3: #1a7f37; --s4: #bc4c00; --s5: #bf3989; --s6: #0a7ea4;
      --warn: #9a6700; --good: #1a7f37;
      --g1: #e7f0ff; --g2: #c6dcff; --g3: #9dc2ff; --g4: #74a7fb;
      --l1: #fff0e0; --l2: #ffd9b3; --l3: #ffbb80; --l4: #ff9d52;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --paper: #0d1117; --ink: #e6edf3; --quiet: #9aa4af; --rule: #30363d; --box: #161b22; --band: #9aa4af40;
        --s0: #6ea8fe; --s1: #c297ff; --s2: #9aa4af; --s3: #56d364; --s4: #ff9d52; --s5: #ff8ac4; --s6: #6cd4f5;
        --warn: #e3b341; --good: #56d364;
        --g1: #12233f; --g2: #183763; --g3: #1f4b8a; --g4: #2a5fae;
        --l1: #3b2410; --l2: #5c3513; --l3: #7d4715; --l4: #94530f;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
      overflow-wrap: anywhere;
    }
    main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
    h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
    h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.2rem 0 .6rem; }
    p { margin: .5rem 0; max-width: 46rem; }
    .subtitle { color: var(--quiet); margin: .3rem 0 1.2rem; }
    .verdict { border: 1px solid var(--rule); border-left: .5rem solid var(--warn); background: var(--box); padding: .2rem 1rem .7rem; }
    .verdict.edge { border-left-color: var(--good); }
    .verdict h2 { font-size: 1.4rem; margin: .6rem 0; }
    ul { padding-left: 1.2rem; }
    dl { display: grid; grid-template-columns: minmax(6rem, 11rem) 1fr; gap: .3rem 1rem; margin: .5rem 0; }
    dt { color: var(--quiet); }
    dd { margin: 0; }
    .scroll { overflow-x: auto; margin: .4rem 0 .8rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
    th, td { padding: .22rem .5rem; text-align: right; white-space: nowrap; font-weight: normal; }
    thead th { border-bottom: 1px solid var(--quiet); font-weight: 600; vertical-align: bottom; }
    tbody th { text-align: left; position: sticky; left: 0; background: var(--paper); }
    tbody th.detail { padding-left: 1.4rem; color: var(--quiet); }
    tbody tr + tr > * { border-top: 1px solid var(--rule); }
    .figures td:nth-child(2) { font-weight: 600; }
    .months td { border: 1px solid var(--paper); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .months td:last-child { font-weight: 600; }
    .gain1 { background: var(--g1); } .gain2 { background: var(--g2); } .gain3 { background: var(--g3); }
    .gain4 { background: var(--g4); } .loss1 { background: var(--l1); } .loss2 { background: var(--l2); }
    .loss3 { background: var(--l3); } .loss4 { background: var(--l4); }
    .unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
    figure { margin: 1.4rem 0; }
    figcaption { font-weight: 600; }
    .told { color: var(--quiet); font-size: .9rem; }
    .legend { list-style: none; padding: 0; margin: .3rem 0 .8rem; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: .9rem; }
    .key { width: 34px; height: 10px; overflow: visible; }
    .plot { position: relative; margin: 0 .4rem 2rem 4.4rem; height: 20rem; }
    .strip .plot { height: 4.5rem; margin-top: .9rem; }
    .intervals .plot { height: 9rem; margin-left: 6rem; }
    .plot > svg { width: 100%; height: 100%; display: block; overflow: visible; }
    .rises span { position: absolute; right: 100%; transform: translateY(-50%); padding-right: .5rem; }
    .marks { position: absolute; left: 0; right: 0; top: 100%; }
    .marks span { position: absolute; transform: translateX(-50%); padding-top: .3rem; }
    .marks .start { transform: none; } .marks .end { transform: translateX(-100%); }
    .rises span, .marks span { color: var(--quiet); font-size: .8rem; line-height: 1.2; white-space: nowrap; }
    path { fill: none; vector-effect: non-scaling-stroke; }
    .grid { stroke: var(--rule); stroke-width: 1; }
    .zero { stroke: var(--quiet); stroke-width: 1; }
    .band { fill: var(--band); }
    .line { stroke-width: 1.6; stroke-linejoin: round; }
    .s0 { stroke: var(--s0); stroke-width: 2.4; } .s1 { stroke: var(--s1); stroke-dasharray: 6 3; }
    .s2 { stroke: var(--s2); stroke-dasharray: 1.5 3.5; } .s3 { stroke: var(--s3); stroke-dasharray: 11 4; }
    .s4 { stroke: var(--s4); stroke-dasharray: 10 3 2 3; } .s5 { stroke: var(--s5); stroke-dasharray: 3 3; }
    .s6 { stroke: var(--s6); stroke-dasharray: 10 3 2 3 2 3; }
    .fill { stroke: none; fill: var(--s0); opacity: .18; }
    .estimate { stroke-width: 5; }
    .quote { stroke: var(--s4); stroke-width: 2; }
    @media (max-width: 36rem) {
      .plot { height: 14rem; margin-left: 3.6rem; }
      dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
      th, td { padding: .22rem .4rem; }
    }
    @media print {
      body { font-size: 10pt; } main { max-width: none; padding: 0; }
      figure, .verdict, tr { break-inside: avoid; } h2 { break-after: avoid; }
      .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: .15rem .3rem; }
      .plot { height: 13rem; } .strip .plot { height: 3.5rem; }
    }
    """

  /// Of reports that have one: what is fixed stands on every printed page.
  static let watermark = """
    .watermark {
      position: fixed; inset: 40% 0 auto; transform: rotate(-24deg); text-align: center; font-size: 4rem; font-weight: 700;
      color: var(--warn); opacity: .22; pointer-events: none; print-color-adjust: exact; -webkit-print-color-adjust: exact;
    }
    """
}
