// Which environment variables keep a program from starting, and what it says of them.

import Testing
import Text

@Suite struct EnvironmentSecretsTests {
  private func refused(_ variables: [(name: String, value: String)]) -> [String] {
    do throws(SecurityError) {
      try EnvironmentSecrets.refuse(in: variables)
      return []
    } catch {
      return error.names
    }
  }

  /// As brokers, exchanges, data vendors, clouds and their usual tools name them.
  @Test(arguments: [
    // Brokers.
    "TWSPASSWORD", "TWSPASSWORD_PAPER", "TWS_PASSWORD", "IB_PASSWORD", "IBKR_ACCOUNT_PASSWD", "VNC_SERVER_PASSWORD",
    "APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "ALPACA_API_KEY", "ALPACA_SECRET_KEY_PAPER", "TRADIER_TOKEN",
    "TRADIER_ACCESS_TOKEN", "SCHWAB_APP_SECRET", "SCHWAB_REFRESH_TOKEN", "TASTYWORKS_PASSWORD",
    "TASTYTRADE_REFRESH_TOKEN",
    "TRADESTATION_CLIENT_SECRET", "ROBINHOOD_PASSWORD", "ETRADE_CONSUMER_SECRET", "OANDA_API_TOKEN",
    "OANDA_ACCESS_TOKEN",
    "IG_SERVICE_PASSWORD", "KITE_API_SECRET", "QUESTRADE_REFRESH_TOKEN", "SAXO_APP_SECRET",
    // Exchanges.
    "BINANCE_API_KEY", "BINANCE_SECRET_KEY", "BINANCE_API_SECRET", "KRAKEN_PRIVATE_KEY", "COINBASE_API_SECRET",
    "COINBASE_PASSPHRASE", "BYBIT_SECRET", "DERIBIT_CLIENT_SECRET", "OKX_API_PASSPHRASE", "WALLET_MNEMONIC",
    // Data.
    "ALPHAVANTAGE_KEY", "ALPHAVANTAGE_API_KEY", "NASDAQ_DATA_LINK_API_KEY", "QUANDL_API_KEY", "POLYGON_API_KEY",
    "polygon_api_key", "MASSIVE_APIKEY", "DATABENTO_API_KEY", "TIINGO_API_KEY", "FINNHUB_API_KEY", "IEX_TOKEN",
    "IEX_CLOUD_API_TOKEN", "FRED_API_KEY", "EODHD_API_TOKEN", "FMP_API_KEY", "TWELVEDATA_APIKEY", "INTRINIO_API_KEY",
    "ORATS_TOKEN", "REFINITIV_APP_KEY", "RAPIDAPI_KEY", "WRDS_PASS", "SIMFIN_APIKEY2",
    // Clouds, stores and tools.
    "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_KEY",
    "AZURE_DEVOPS_EXT_PAT", "GCP_SA_KEY_B64", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "HF_TOKEN", "WANDB_API_KEY",
    "COMET_API_KEY", "NEPTUNE_API_TOKEN", "MLFLOW_TRACKING_PASSWORD", "KAGGLE_KEY", "OPENAI_API_KEY",
    "PGPASSWORD", "POSTGRES_PASSWORD", "MYSQL_PWD", "MYSQL_ROOT_PASSWORD", "REDIS_PASSWORD", "INFLUXDB_TOKEN",
    "DOCKER_PASSWORD", "NPM_TOKEN", "TWINE_PASSWORD", "SLACK_BOT_TOKEN", "TELEGRAM_BOT_TOKEN", "SMTP_PASS",
    "VAULT_TOKEN",
    "SENTRY_DSN", "DJANGO_SECRET_KEY", "SECRET_KEY_BASE", "JWT_SECRET", "STRIKEFORGE_SECRET", "PASSWORD", "TOKEN",
    "API_KEY_1", "DB_CREDENTIALS", "APISECRET",
  ])
  func secretsAreRefused(name: String) { #expect(refused([(name, "x")]) == [name]) }

  /// Settings, folders, files that hold a secret for themselves, what is public, and variables without a value.
  @Test(arguments: [
    ("TWS_PASSWORD_FILE", "/run/secrets/tws"), ("POSTGRES_PASSWORD_FILE", "x"), ("TWS_USERID", "x"),
    ("TWSUSERID", "x"), ("TRADING_MODE", "paper"), ("IB_HOST", "x"), ("IB_CLIENT_ID", "1"), ("ALPACA_BASE_URL", "x"),
    ("GOOGLE_APPLICATION_CREDENTIALS_PATH", "x"), ("AWS_SHARED_CREDENTIALS_FILE", "x"), ("AWS_PROFILE", "x"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "x"), ("SSH_AUTH_SOCK", "/tmp/ssh"), ("SSH_AGENT_PID", "1"), ("SSH_ASKPASS", "x"),
    ("GIT_ASKPASS", "x"), ("SUDO_ASKPASS", "x"), ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568"),
    ("GPG_AGENT_INFO", "x"), ("GPG_TTY", "x"), ("PASSWORD_STORE_DIR", "x"), ("PWD", "/"), ("OLDPWD", "/"),
    ("XAUTHORITY", "x"), ("I_MPI_PIN", "1"), ("GOOGLE_APPLICATION_CREDENTIALS", "/x.json"),
    ("CREDENTIALS_DIRECTORY", "/x"),
    ("GNOME_KEYRING_CONTROL", "x"), ("XDG_SESSION_ID", "1"), ("KEYBOARD", "us"),
    ("LESSKEY", "x"), ("COMPASS", "x"), ("MAX_TOKENS", "9"), ("TOKENIZERS_PARALLELISM", "false"),
    ("STRIPE_PUBLISHABLE_KEY", "x"), ("SSH_PUBLIC_KEY", "x"), ("SSL_CERT_FILE", "x"), ("NODE_EXTRA_CA_CERTS", "x"),
    ("OPENBLAS_CORETYPE", "Haswell"), ("STRIKEFORGE_SLOW", "1"), ("STRIKEFORGE_REVISION", "abc"),
    ("STRIKEFORGE_ALLOW_ENVIRONMENT", "x"), ("IB_PASSWORDLESS", "x"), ("IB_PASSWORD", ""), ("LS_COLORS", "x"),
    ("", "x"), ("_", "x"), ("12", "x"), ("_1", "x"),
  ])
  func othersAreNot(name: String, value: String) { #expect(refused([(name, value)]).isEmpty) }

  @Test func theSentenceNamesThemAllAndNoValue() throws {
    let error = try #require(throws: SecurityError.self) {
      try EnvironmentSecrets.refuse(in: [
        (name: "TWS_PASSWORD", value: "hunter2"), (name: "HOME", value: "/"), (name: "ALPACA_TOKEN", value: "hunter3"),
      ])
    }
    #expect(error.names == ["ALPACA_TOKEN", "TWS_PASSWORD"])
    #expect(error.description.contains("ALPACA_TOKEN, TWS_PASSWORD") && !error.description.contains("hunter"))
    #expect(error.description.contains("unset ALPACA_TOKEN TWS_PASSWORD"))
    #expect(error.description.hasSuffix("set STRIKEFORGE_ALLOW_ENVIRONMENT=ALPACA_TOKEN,TWS_PASSWORD"))
  }

  /// What the sentence says to set is enough, also beside what was allowed before; a name like it is not.
  @Test func theAllowanceIsByName() throws {
    let others = [(name: "CACHE_KEY", value: "x"), (name: "SORT_KEY", value: "x"), (name: "SORT_KEY2", value: "x")]
    var allowed = ""
    for _ in 0..<2 {
      do throws(SecurityError) {
        try EnvironmentSecrets.refuse(
          in: others + [(name: EnvironmentSecrets.allowanceVariable, value: allowed.isEmpty ? "SORT_KEY" : allowed)])
      } catch {
        #expect(allowed.isEmpty && error.names == ["CACHE_KEY", "SORT_KEY2"])
        allowed = String(error.description.split(separator: "=").last ?? "")
      }
    }
    #expect(allowed == "SORT_KEY,CACHE_KEY,SORT_KEY2")
    #expect(refused(others + [(EnvironmentSecrets.allowanceVariable, "SORT_KEY, CACHE_KEY ,SORT_KEY2,")]).isEmpty)
    #expect(refused(others + [(EnvironmentSecrets.allowanceVariable, "sort_key,*")]).count == 3)
  }

  @Test func whatANameHoldsIsEscaped() throws {
    let error = try #require(throws: SecurityError.self) {
      try EnvironmentSecrets.refuse(in: [(name: "A\u{1B}[2J_KEY", value: "x")])
    }
    #expect(!error.description.contains("\u{1B}"))
  }
}
