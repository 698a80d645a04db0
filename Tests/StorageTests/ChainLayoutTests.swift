// Every vendor's way of writing chains gives the same contracts and quotes, at the minute that its stamp means.

import Market
import TestSupport
import Testing

@testable import Storage

private let none = ChainValue.none

/// The chains of a text.
private func read(
  _ text: String, path: String = "chain.csv", underlying: String? = nil, roots: Set<String>? = nil
) throws -> ChainFileReading {
  let reading = try ChainFile(Array(text.utf8), path: path, underlying: underlying, roots: roots).read()
  return try #require(reading)
}

private struct Found: Equatable {
  var date: String
  var minute: Int
  var bid: Double?
  var ask: Double?
}

/// A contract's quotes of a chain, also those outside of sessions.
private func quotes(_ chain: OptionChain, _ symbol: String) throws -> [Found] {
  let contract = OptionContract(try OptionSymbol(symbol))
  let number = try #require(chain.number(of: contract), "no \(symbol) in \(chain.contracts)")
  return chain.sessions.flatMap { session in
    session.minutes.compactMap { minute in
      session.quote(minute: Int(minute), contract: number).map {
        Found(date: "\(session.date)", minute: Int(minute), bid: $0.bidDollars, ask: $0.askDollars)
      }
    }
  }
}

private func row(_ chain: OptionChain, _ symbol: String, minute: Int) throws -> (session: ChainSession, row: Int) {
  let contract = OptionContract(try OptionSymbol(symbol))
  let number = try #require(chain.number(of: contract))
  let session = try #require(chain.sessions.first)
  return (session, try #require(session.row(minute: minute, contract: number)))
}

@Suite struct ChainLayoutTests {
  @Test func optionsDXHasTwoContractsALine() throws {
    let text = """
      [QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], [EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME], [STRIKE_DISTANCE], [STRIKE_DISTANCE_PCT]
      1609794000, 2021-01-04 16:00, 2021-01-04, 16.000000, 368.790000, 2021-01-08, 1610139600, 4.000000, 0.510000, 0.030000, 0.150000, -0.250000, 0.020000, 0.221000, 100.000000, 4.100000, 10 x 12, 4.050000, 4.110000, 369.000000, 4.200000, 4.260000, 3 x 4, 4.300000, -0.490000, 0.030000, 0.150000, -0.240000, -0.020000, , 90.000000, 0.200000, 0.001000

      """
    let reading = try read(text, underlying: "SPY")
    #expect(reading.provenance.layout == "optionsdx")
    let chain = reading.chains[0]
    #expect(try quotes(chain, "SPY210108C00369000") == [Found(date: "2021-01-04", minute: 389, bid: 4.05, ask: 4.11)])
    #expect(try quotes(chain, "SPY210108P00369000") == [Found(date: "2021-01-04", minute: 389, bid: 4.2, ask: 4.26)])
    let (session, call) = try row(chain, "SPY210108C00369000", minute: 389)
    #expect(session.quote(row: call).bidSize == 10)
    #expect(session.quote(row: call).askSize == 12)
    #expect(session.greeks(row: call).impliedVolatility == 0.221)
    #expect(session.greeks(row: call).theta == -0.25)
    let (_, put) = try row(chain, "SPY210108P00369000", minute: 389)
    #expect(session.greeks(row: put).impliedVolatility == nil)
    #expect(session.greeks(row: put).delta == -0.49)
    #expect(session.underlying == [3_687_900])
    #expect(chain.declaration.theta == .calendarDay)
  }

  @Test func optionsDXOfAnIndexNamesItsRootsByTheDate() throws {
    let names = ChainLayout.optionsDX.columns.keys.sorted()
    func line(_ expiry: String) -> String {
      names.map { name in
        [
          "quote_readtime": "2021-01-04 15:30", "expire_date": expiry, "strike": "3700", "c_size": "1 x 1",
          "p_size": "1 x 1",
        ][
          name] ?? "1"
      }.joined(separator: ",")
    }
    let chain = try read(
      names.joined(separator: ",") + "\n" + line("2021-01-15") + "\n" + line("2021-01-13") + "\n", underlying: "SPX"
    ).chains[0]
    #expect(Set(chain.contracts.map(\.root)) == ["SPX", "SPXW"])
    #expect(chain.sessions[0].minutes == [359])
  }

  @Test func cboeDataShopHasTwoMomentsALine() throws {
    let text = """
      underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,trade_volume,bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,underlying_ask_1545,bid_size_eod,bid_eod,ask_size_eod,ask_eod,underlying_bid_eod,underlying_ask_eod,vwap,open_interest,delivery_code
      ^SPX,2021-11-26,SPX,2021-12-17,4600.000,C,0,0,0,61.5,7,5,60.1,6,60.9,4590.1,4590.3,8,61.0,9,61.8,4594.0,4595.0,0,1234,
      ^SPX,2021-11-26,SPXW,2021-12-17,4600.000,P,0,0,0,0,0,5,70.1,6,70.9,4590.1,4590.3,8,71.0,9,71.8,4594.0,4595.0,0,9,

      """
    let chain = try read(text).chains[0]
    #expect(chain.underlying == "SPX")
    // A half day: 13:00 and a quarter of an hour before.
    #expect(
      try quotes(chain, "SPX211217C04600000") == [
        Found(date: "2021-11-26", minute: 194, bid: 60.1, ask: 60.9),
        Found(date: "2021-11-26", minute: 209, bid: 61, ask: 61.8),
      ])
    #expect(try quotes(chain, "SPXW211217P04600000").count == 2)
    #expect(chain.sessions[0].underlying == [45_902_000, 45_945_000])
    #expect(chain.sessions[0].openInterest == [1234, 9])
    let (session, row) = try row(chain, "SPX211217C04600000", minute: 209)
    #expect(session.quote(row: row).lastDollars == 61.5)
    #expect(session.quote(row: row).volume == 7)
  }

  @Test func cboeIntervalsAreStampedAtTheirEnds() throws {
    let text = """
      underlying_symbol,quote_datetime,root,expiration,strike,option_type,open,high,low,close,trade_volume,bid_size,bid,ask_size,ask,underlying_bid,underlying_ask
      SPY,2024-03-11 09:31:00,SPY,2024-03-11,510,C,0,0,0,0,0,1,1.01,2,1.02,510.1,510.2
      SPY,2024-03-11 16:00:00,SPY,2024-03-11,510,C,0,0,0,0,0,1,2.01,2,2.02,510.1,510.2
      SPY,2024-03-11 16:15:00,SPY,2024-03-11,510,C,0,0,0,0,0,1,2.05,2,2.06,510.1,510.2

      """
    #expect(
      try quotes(try read(text).chains[0], "SPY240311C00510000") == [
        Found(date: "2024-03-11", minute: 0, bid: 1.01, ask: 1.02),
        Found(date: "2024-03-11", minute: 389, bid: 2.01, ask: 2.02),
        Found(date: "2024-03-11", minute: 404, bid: 2.05, ask: 2.06),
      ])
  }

  @Test(arguments: [
    ("\"Date: September 14, 2023 at 4:31 PM EDT\",Bid: 1", "2023-09-14", 389),
    ("\"Date: September 14, 2023 at 10:31 AM EDT\",Bid: 1", "2023-09-14", 60),
    ("Date: 16 September 2023 at 07:34 GMT-4,Bid: 1", "2023-09-15", 389),
    ("\"Date: September 15, 2023 at 8:00 AM EDT\",Bid: 1", "2023-09-14", 389),
    ("\"Date: November 24, 2023 at 3:00 PM EST\",Bid: 1", "2023-11-24", 209),
  ])
  func cboeExportsAreOfTheirDateLine(line: String, date: String, minute: Int) throws {
    let text = """

      S&P 500 INDEX,Last: 6632.1899,Change:  -40.4301
      \(line)
      Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest
      Fri Dec 15 2023,SPX231215C04500000,44.25,-60.5,41,43,1035,0.2,0.5,0,35,4500.00,SPX231215P04500000,0.03,-9.87,30,31.5,48042,0.21,-0.5,0,3037

      """
    let chain = try read(text).chains[0]
    #expect(chain.underlying == "SPX")
    #expect(try quotes(chain, "SPX231215C04500000") == [Found(date: date, minute: minute, bid: 41, ask: 43)])
    #expect(try quotes(chain, "SPX231215P04500000") == [Found(date: date, minute: minute, bid: 30, ask: 31.5)])
    #expect(chain.sessions[0].openInterest == [35, 3037])
  }

  @Test func thetaDataWritesTenthsOfCentsAndThenDollars() throws {
    let two = """
      root,expiration,strike,right,ms_of_day,bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,ask_condition,date
      SPXW,20240119,4700500,C,34260000,1,5,12.5,50,2,5,12.7,50,20240119

      """
    let three = """
      symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,ask_condition
      SPXW,2024-01-19,4700.500,CALL,2024-01-19T09:31:00.000,1,5,12.5,50,2,5,12.7,50

      """
    for text in [two, three] {
      let chain = try read(text).chains[0]
      #expect(chain.underlying == "SPX")
      #expect(
        try quotes(chain, "SPXW240119C04700500") == [Found(date: "2024-01-19", minute: 0, bid: 12.5, ask: 12.7)])
    }
  }

  @Test func oratsIsFourteenMinutesBeforeTheClose() throws {
    let text = """
      ticker,stkPx,expirDate,yte,strike,cVolu,cOi,pVolu,pOi,cBidPx,cValue,cAskPx,pBidPx,pValue,pAskPx,cBidIv,cMidIv,cAskIv,smoothSmvVol,pBidIv,pMidIv,pAskIv,iRate,divRate,residualRateData,delta,gamma,theta,vega,rho,phi,driftlessTheta,extVol,extCTheo,extPTheo,spot_px,trade_date
      AAPL,150.1,1/21/2022,0.1,150,10,20,30,40,5.1,5.15,5.2,4.9,4.95,5,0.2,0.25,0.3,0.25,0.2,0.26,0.3,0,0,0,0.52,0.01,-0.1,0.2,0.1,0,0,0,0,0,150.05,2021-12-15

      """
    let chain = try read(text).chains[0]
    #expect(try quotes(chain, "AAPL220121C00150000") == [Found(date: "2021-12-15", minute: 375, bid: 5.1, ask: 5.2)])
    #expect(try quotes(chain, "AAPL220121P00150000") == [Found(date: "2021-12-15", minute: 375, bid: 4.9, ask: 5)])
    #expect(chain.sessions[0].openInterest == [20, 40])
    #expect(chain.sessions[0].underlying == [1_500_500])
    let (session, put) = try row(chain, "AAPL220121P00150000", minute: 375)
    #expect(session.greeks(row: put).impliedVolatility == 0.26 && session.greeks(row: put).delta == nil)
  }

  @Test func doltHubsVolIsAVolatility() throws {
    let text = """
      date,act_symbol,expiration,strike,call_put,bid,ask,vol,delta,gamma,theta,vega,rho
      2021-01-04,A,2021-01-15,120.00,Call,2.35,2.60,0.3621,0.4412,0.0426,-0.1310,0.0840,0.0155

      """
    let chain = try read(text).chains[0]
    let (session, row) = try row(chain, "A210115C00120000", minute: 389)
    #expect(session.greeks(row: row).impliedVolatility == 0.3621)
    #expect(session.quote(row: row).volume == none)
  }

  @Test func oneMemberOfAnArchiveIsReadAlone() throws {
    let header = "date,act_symbol,expiration,strike,call_put,bid,ask,vol,delta,gamma,theta,vega,rho\n"
    let members = [("a.csv", "2021-01-04,A"), ("b.csv", "2021-01-05,B")].map { name, row in
      ZipBuilder.Member(
        name, Array("\(header)\(row),2021-01-15,120.00,Call,2.35,2.60,0.3,0.4,0.04,-0.1,0.08,0.01\n".utf8))
    }
    try withScratchFolder { (folder) throws in
      let path = folder + "/chains.zip"
      writePlainly(ZipBuilder(members).bytes, to: path)
      let all = try #require(try ChainFile(path: path).read())
      #expect(all.chains.map(\.underlying) == ["A", "B"])
      let one = try #require(try ChainFile(path: path + ":b.csv").read())
      #expect(one.chains.map(\.underlying) == ["B"] && one.provenance.sourceName == "chains.zip")
      let error = storageError { try ChainFile(path: path + ":c.csv").read() }
      #expect(error == .archive(path: path, problem: .absent(member: "c.csv", existing: ["a.csv", "b.csv"])))
    }
  }

  @Test func yahooIsOfItsNewestTrade() throws {
    let text = """
      contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,change,percentChange,volume,openInterest,impliedVolatility,inTheMoney,contractSize,currency,optionType,expirationDate
      SPY260211C00500000,2026-02-11 15:22:33+00:00,500.0,192.08,191.32,193.87,0.0,0.0,,2,2.691409521484375,True,REGULAR,USD,call,2026-02-11
      SPY260211P00500000,2026-01-29 15:22:33+00:00,500.0,0.01,0,0.01,0.0,0.0,4.0,,1e-05,False,REGULAR,USD,put,2026-02-11

      """
    let reading = try read(text)
    #expect(reading.notes.contains { $0.contains("2026-02-11T15:22:33Z") })
    let chain = reading.chains[0]
    #expect(
      try quotes(chain, "SPY260211C00500000") == [Found(date: "2026-02-11", minute: 52, bid: 191.32, ask: 193.87)])
    #expect(chain.sessions[0].openInterest == [2, none])
    let (session, put) = try row(chain, "SPY260211P00500000", minute: 52)
    #expect(session.greeks(row: put).impliedVolatility == 1e-05 && session.quote(row: put).volume == 4)
  }

  /// Quotes of contracts that nobody trades are months old there: they are left out, and that is said.
  @Test func yahoosQuotesOfWhatNobodyTradesAreLeftOut() throws {
    let header = "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility\n"
    let text =
      header + "SPY260331C00536000,2025-04-29 16:41:00+00:00,536.0,84,84.31,86.91,1,2,0.2\n"
      + "SPY260331C00537000,2026-01-12 15:22:34+00:00,537.0,158,158.86,162.22,1,2,0.2\n"
      + "SPY260331C00538000,2026-01-12 15:22:33+00:00,538.0,158,157.86,161.22,1,2,0.2\n"
      + "SPY260331C00539000,,539.0,158,156.86,160.22,1,2,0.2\n"
      + "SPY260331C00540000,2026-02-11 15:22:34+00:00,540.0,155,155.9,159.2,1,2,0.2\n"
    let reading = try read(text)
    #expect(reading.chains[0].contracts.map(\.strike) == [537, 540])
    #expect(
      reading.notes.contains(
        "3 rows of contracts that did not trade in the 30 days before are left out: their quotes are old ones"))
    #expect(reading.provenance.rows == 5)
  }

  @Test func massiveAggregatesAreTradesAndQuotesAreReduced() throws {
    let aggregates = """
      ticker,volume,open,close,high,low,window_start,transactions
      O:SPY230327P00390000,10,1.5,1.6,1.7,1.4,1679664660000000000,3

      """
    let trades = try read(aggregates)
    let (session, row) = try row(trades.chains[0], "SPY230327P00390000", minute: 1)
    #expect(session.quote(row: row).lastDollars == 1.6 && !session.has(.bid))
    #expect(trades.notes.contains { $0.contains("no quotes") })
    let quoteText = """
      ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp
      O:QQQ230327P00300000,1,1.2,5,1,1.1,6,1,1679664660000000000
      O:SPY230327P00390000,1,1.2,5,1,1.1,6,1,1679664660000000000
      O:SPY230327P00390000,1,1.4,5,1,1.3,6,2,1679664665000000000
      O:SPY230327P00390000,1,1.5,5,1,0,0,3,1679664669000000000

      """
    let reduced = try read(quoteText, roots: ["SPY"])
    #expect(reduced.chains.map(\.underlying) == ["SPY"])
    #expect(
      try quotes(reduced.chains[0], "SPY230327P00390000") == [
        Found(date: "2023-03-24", minute: 1, bid: 1.3, ask: 1.4)
      ])
  }

  @Test func databentoWritesBillionths() throws {
    let header =
      "ts_recv,ts_event,rtype,publisher_id,instrument_id,side,price,size,flags,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_pb_00,ask_pb_00,symbol\n"
    let whole =
      "1679664660000000000,1679664659000000000,195,30,1,N,9223372036854775807,0,0,1100000000,1200000000,5,6,1,1,SPY   230327P00390000\n"
      + "1679664660000000000,1679664659000000000,195,30,1,N,9223372036854775807,0,0,9223372036854775807,1200000000,5,6,1,1,SPY   230327C00390000\n"
    let decimal =
      "2023-03-24T13:31:00.000000000Z,2023-03-24T13:30:59.000000000Z,195,30,1,N,,0,0,1.100000000,1.200000000,5,6,1,1,SPY   230327P00390000\n"
    for rows in [whole, decimal] {
      let chain = try read(header + rows).chains[0]
      #expect(
        try quotes(chain, "SPY230327P00390000") == [Found(date: "2023-03-24", minute: 0, bid: 1.1, ask: 1.2)])
    }
    #expect(try quotes(try read(header + whole).chains[0], "SPY230327C00390000")[0].bid == nil)
  }

  @Test func longTablesAndUniversesAreTold() throws {
    let day = """
      underlying,underlying_last, exchange,optionroot,optionext,type,expiration,quotedate,strike,last,bid,ask,volume,openinterest,impliedvol,delta,gamma,theta,vega,optionalias,dte
      SPX,2257.83,*,SPX170317C00300000,,call,2017-03-17,2017-01-03,300,1848.1,1945.3,1950.1,0,12,0.1844,0.9967,0.0,34.05,0.0,SPX170317C00300000,73

      """
    #expect(
      try quotes(try read(day).chains[0], "SPX170317C00300000") == [
        Found(date: "2017-01-03", minute: 389, bid: 1945.3, ask: 1950.1)
      ])
    let universe = """
      #expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,vega,theta,rho
      ,,,633.49,633.50,633.28,633.40,131,,,,,,,
      20140606,490,C,142.95,145.275,132.9,138.325,0,,1.4964998,0.9684187,0.0007859,0.0381194,-0.5170732,0.0386689

      """
    let chain = try read(universe, path: "universes/aapl/20140602.csv.gz").chains[0]
    #expect(chain.underlying == "AAPL")
    #expect(chain.sessions[0].underlying == [6_334_000])
    let (session, row) = try row(chain, "AAPL140606C00490000", minute: 389)
    #expect(session.quote(row: row).lastDollars == 138.325)
  }

  @Test func changedDeliverablesKeepTheirRoot() throws {
    let text = """
      timestamp,underlying,type,strike,expiry,bid,ask,root
      2024-12-02 10:00,XOM,put,280,2024-12-20,1.0,1.1,XOM2
      2024-12-02 10:00,XOM,put,280,2024-12-20,2.0,2.1,XOM

      """
    let chain = try read(text).chains[0]
    #expect(chain.contracts.map(\.root) == ["XOM", "XOM2"])
    #expect(chain.contracts.map(\.isStandard) == [true, false])
    #expect(try quotes(chain, "XOM2241220P00280000")[0].bid == 1)
    let alone =
      "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp\n"
      + "O:XOM2241220P00280000,1,1.2,5,1,1.1,6,1,1733151600000000000\n"
    #expect(try read(alone).chains.map(\.underlying) == ["XOM2"])
  }

  @Test func leanNamesSayTheContract() throws {
    let name = try #require(LEANOptionName("20151224_goog_minute_quote_american_call_7475000_20151224.csv"))
    #expect(name.root == "GOOG" && name.strikeThousandths == 747_500 && name.kind == .quote && name.right == .call)
    for other in [
      "20151224_goog_minute_quote_american_call_0_20151224.csv",
      "20151324_goog_minute_quote_american_call_1_20151224.csv",
      "20151224_goog_minute_trade.csv", "20151224_goog_minute_quote_american_straddle_7475000_20151224.csv", "",
    ] { #expect(LEANOptionName(other) == nil, "\(other)") }
  }

  @Test func barsAreNoChain() throws {
    for text in [
      "timestamp,open,high,low,close,volume\n2024-01-02,1,2,1,2,3\n",
      "ticker,volume,open,close,high,low,window_start,transactions\nSPY,10,1,1,1,1,1679664660000000000,3\n", "", "\n\n",
    ] {
      let reading = try ChainFile(Array(text.utf8), path: "x").read()
      #expect(reading?.chains == nil)
    }
  }
}
