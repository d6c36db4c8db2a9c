{-# LANGUAGE OverloadedStrings #-}

-- | The easy way to call Palate from Haskell, without stubs: JSON over HTTP. json HTTP-ADDRESS
module Main (main) where

import Data.Aeson (FromJSON (..), Value, eitherDecode, encode, object, withObject, (.:), (.=))
import qualified Data.Text as T
import qualified Data.Text.IO as T
import Network.HTTP.Client
import Network.HTTP.Types (statusCode)
import System.Environment (getArgs)

newtype Recommendation = Recommendation [T.Text]

instance FromJSON Recommendation where
  parseJSON = withObject "RecommendResponse" $ \answer -> Recommendation <$> (answer .: "items" >>= traverse (.: "itemId"))

newtype Acknowledgement = Acknowledgement Int

instance FromJSON Acknowledgement where
  parseJSON = withObject "PublishResponse" $ \answer -> Acknowledgement <$> answer .: "accepted"

-- | What Connect says of an error: a code, and details of which the first has the reason.
data Failure = Failure T.Text T.Text

instance FromJSON Failure where
  parseJSON = withObject "error" $ \failure -> do
    info : _ <- failure .: "details"
    Failure <$> failure .: "code" <*> (info .: "debug" >>= (.: "reason"))

main :: IO ()
main = do
  [address] <- getArgs
  manager <- newManager defaultManagerSettings
  let ask :: FromJSON answer => String -> Value -> IO (Either Failure answer)
      ask path body = do
        request <- parseRequest ("POST http://" ++ address ++ "/" ++ path)
        response <- httpLbs request
          { requestBody = RequestBodyLBS (encode body)
          , requestHeaders = [("content-type", "application/json"), ("palate-tenant", "haskell-json")]
          } manager
        let bytes = responseBody response
        if statusCode (responseStatus response) == 200
          then either fail (pure . Right) (eitherDecode bytes)
          else either fail (pure . Left) (eitherDecode bytes)
  uuid <- T.strip <$> T.readFile "/proc/sys/kernel/random/uuid"
  let event = object ["eventId" .= uuid, "sessionId" .= T.pack "s1", "itemViewed" .= object ["itemId" .= T.pack "bread"]]
  published <- ask "palate.ingest.v1.IngestService/Publish" (object ["events" .= [event]])
  tell published $ \(Acknowledgement accepted) -> "published: " <> T.pack (show accepted) <> " accepted"
  let recommend placement = ask "palate.recommendation.v1.RecommendationService/Recommend" (object ["placement" .= T.pack placement])
  home <- recommend "home"
  tell home $ \(Recommendation items) -> "recommended: " <> T.intercalate ", " items
  nowhere <- recommend "nowhere"
  tell nowhere $ \(Recommendation _) -> "it did not fail"

tell :: Either Failure answer -> (answer -> T.Text) -> IO ()
tell (Right answer) say = T.putStrLn (say answer)
tell (Left (Failure code reason)) _ = T.putStrLn ("refused: " <> code <> " " <> reason)
