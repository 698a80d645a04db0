// Tables of options in every layout that the reader knows, to begin from.

import Storage
import TestSupport

/// Small whole tables; what they hold is made up.
enum ChainSeeds {
  /// By the layout's name.
  static let tables: [(layout: String, text: String)] = [
    (
      "long",
      "timestamp,underlying,type,strike,expiry,bid,ask,iv,oi,root\n"
        + (0..<12).map { row in
          "2024-12-02 10:0\(row % 6),XOM,\(row % 2 == 0 ? "call" : "put"),\(110 + row),2024-12-20,1.\(row),1.9,0.2,\(row),\(row % 3 == 0 ? "XOM2" : "XOM")\n"
        }.joined()
    ),
    (
      "optionsdx",
      """
      [QUOTE_READTIME], [UNDERLYING_LAST], [EXPIRE_DATE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME]
      2021-01-04 16:00, 368.79, 2021-01-08, 0.51, 0.03, 0.15, -0.25, 0.02, 0.221, 100, 4.1, 10 x 12, 4.05, 4.11, 369, 4.2, 4.26, 3 x 4, 4.3, -0.49, 0.03, 0.15, -0.24, -0.02, , 90

      """
    ),
    (
      "cboe-datashop-eod",
      """
      underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,trade_volume,bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,underlying_ask_1545,bid_size_eod,bid_eod,ask_size_eod,ask_eod,underlying_bid_eod,underlying_ask_eod,vwap,open_interest,delivery_code
      ^SPX,2021-11-26,SPX,2021-12-17,4600.000,C,0,0,0,61.5,7,5,60.1,6,60.9,4590.1,4590.3,8,61.0,9,61.8,4594.0,4595.0,0,1234,
      ^SPX,2021-11-26,SPXW,2021-12-17,4600.000,P,0,0,0,0,0,5,70.1,6,70.9,4590.1,4590.3,8,71.0,9,71.8,4594.0,4595.0,0,9,

      """
    ),
    (
      "cboe-datashop-interval",
      """
      underlying_symbol,quote_datetime,root,expiration,strike,option_type,open,high,low,close,trade_volume,bid_size,bid,ask_size,ask,underlying_bid,underlying_ask
      SPY,2024-03-11 09:31:00,SPY,2024-03-11,510,C,0,0,0,0,0,1,1.01,2,1.02,510.1,510.2
      SPY,2024-03-11 16:15:00,SPY,2024-03-11,510,C,0,0,0,0,0,1,2.05,2,2.06,510.1,510.2

      """
    ),
    (
      "cboe-export",
      """

      S&P 500 INDEX,Last: 6632.1899,Change:  -40.4301
      "Date: September 14, 2023 at 4:31 PM EDT",Bid: 1
      Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest
      Fri Dec 15 2023,SPX231215C04500000,44.25,-60.5,41,43,1035,0.2,0.5,0,35,4500.00,SPX231215P04500000,0.03,-9.87,30,31.5,48042,0.21,-0.5,0,3037

      """
    ),
    (
      "thetadata-2",
      """
      root,expiration,strike,right,ms_of_day,bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,ask_condition,date
      SPXW,20240119,4700500,C,34260000,1,5,12.5,50,2,5,12.7,50,20240119

      """
    ),
    (
      "thetadata-3",
      """
      symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,bid_condition,ask_size,ask_exchange,ask,ask_condition
      SPXW,2024-01-19,4700.500,CALL,2024-01-19T09:31:00.000,1,5,12.5,50,2,5,12.7,50

      """
    ),
    (
      "orats",
      """
      ticker,stkPx,expirDate,yte,strike,cVolu,cOi,pVolu,pOi,cBidPx,cValue,cAskPx,pBidPx,pValue,pAskPx,cBidIv,cMidIv,cAskIv,smoothSmvVol,pBidIv,pMidIv,pAskIv,iRate,divRate,residualRateData,delta,gamma,theta,vega,rho,phi,driftlessTheta,extVol,extCTheo,extPTheo,spot_px,trade_date
      AAPL,150.1,1/21/2022,0.1,150,10,20,30,40,5.1,5.15,5.2,4.9,4.95,5,0.2,0.25,0.3,0.25,0.2,0.26,0.3,0,0,0,0.52,0.01,-0.1,0.2,0.1,0,0,0,0,0,150.05,2021-12-15

      """
    ),
    (
      "dolthub",
      """
      date,act_symbol,expiration,strike,call_put,bid,ask,vol,delta,gamma,theta,vega,rho
      2021-01-04,A,2021-01-15,120.00,Call,2.35,2.60,0.3621,0.4412,0.0426,-0.1310,0.0840,0.0155

      """
    ),
    (
      "yahoo-chain",
      """
      contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility
      SPY260211C00500000,2026-02-11 15:22:33+00:00,500.0,192.08,191.32,193.87,,2,2.691409521484375

      """
    ),
    (
      "long-eod",
      """
      underlying,underlying_last,exchange,optionroot,optionext,type,expiration,quotedate,strike,last,bid,ask,volume,openinterest,impliedvol,delta,gamma,theta,vega,optionalias
      SPY,368.79,*,SPY210108C00369000,,call,01/08/2021,01/04/2021,369,4.1,4.05,4.11,100,5000,0.221,0.51,0.03,-90.1,15.2,SPY210108C00369000

      """
    ),
    (
      "lean-universe",
      """
      #expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,vega,theta,rho
      ,,,627,629,620,628.7,100,,,,,,,
      20140621,600,C,30,31,29,30.5,12,345,0.21,0.8,0.01,0.5,-0.3,0.2

      """
    ),
    (
      "massive-aggregates",
      """
      ticker,volume,open,close,high,low,window_start,transactions
      O:SPY230327P00390000,5,1.1,1.2,1.3,1.0,1679664660000000000,3
      O:XOM2230327P00390000,5,1.1,1.2,1.3,1.0,1679664720000000000,3

      """
    ),
    (
      "massive-quotes",
      """
      ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp
      O:SPY230327P00390000,1,1.2,5,1,1.1,6,1,1679664660000000000
      O:SPY230327P00390000,1,1.5,5,1,0,0,3,1679664669000000000

      """
    ),
    (
      "databento-cbbo-1m",
      """
      ts_recv,ts_event,rtype,publisher_id,instrument_id,side,price,size,flags,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_pb_00,ask_pb_00,symbol
      1709821860000000000,1709821859000000000,195,30,1,N,0,0,0,1100000000,9223372036854775807,5,0,1,1,SPY   240307C00510000

      """
    ),
    (
      "synthetic-options",
      """
      synthetic_end,symbol,bid,ask
      2024-03-07T14:31:00Z,SPY240307C00510000,1.1,1.2

      """
    ),
  ]

  /// A day and underlying of LEAN's: a member for each contract, as quotes, trades or open interest.
  static let members: [[(name: String, text: String)]] = [
    (
      "quote",
      { (minute: Int) in
        "\(34_200_000 + 60_000 * minute),10500,10500,10400,\(10_400 + minute),7,10900,10900,10800,\(10_800 + minute),9"
      }
    ),
    ("trade", { "\(34_200_000 + 60_000 * $0),10500,10600,10400,\(10_500 + $0),3" }),
    ("openinterest", { "\(21_600_000 + $0),45" }),
  ].map { (kind: String, line: (Int) -> String) in
    ["call_7400000", "put_7400000"].map { contract in
      (
        name: "20151224_goog_minute_\(kind)_american_\(contract)_20151224.csv",
        text: (0..<(kind == "openinterest" ? 1 : 5)).map { line($0) + "\n" }.joined()
      )
    }
  }

  static func archive(_ members: [(name: String, text: [UInt8])]) -> [UInt8] {
    ZipBuilder(members.map { ZipBuilder.Member($0.name, $0.text) }).bytes
  }

  /// All tables and archives. Throws where a layout has none.
  static func all() throws -> [[UInt8]] {
    let missing = Set(ChainLayout.all.map(\.name)).symmetricDifference(tables.map(\.layout))
    guard missing.isEmpty else { throw Finding(reason: "tables of \(missing.sorted()) are missing or too many") }
    return tables.map { Array($0.text.utf8) } + members.map { archive($0.map { ($0.name, Array($0.text.utf8)) }) }
  }
}
