{-# LANGUAGE OverloadedStrings #-}

-- | gRPC over the package http2, as much of it as a client needs:
-- https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
module Grpc (Connection, Failure (..), Options (..), connect, call, stream) where

import Control.Concurrent.MVar
import Control.Exception (Exception, bracket, throwIO)
import Control.Monad (when)
import Data.Bits (shiftL, (.|.))
import qualified Data.ByteString as B
import qualified Data.ByteString.Base64 as Base64
import Data.ByteString.Builder (Builder, byteString, word32BE, word8)
import qualified Data.ByteString.Char8 as C
import Data.Maybe (fromMaybe)
import Data.ProtocolBuffers (Decode, Encode, decodeMessage, encodeMessage)
import Data.Serialize (runGet, runPut)
import Network.HPACK (HeaderTable)
import Network.HPACK.Token (tokenFoldedKey)
import Network.HTTP.Types (RequestHeaders)
import Network.HTTP2.Client hiding (Method)
import Network.Socket hiding (connect)
import qualified Network.Socket as Socket
import Proto.Method (Method (..))

-- | Sends a request, and hands what comes back to a function.
newtype Connection = Connection (Request -> (Response -> IO ()) -> IO ())

-- | What a call ended with, other than OK. The details are a google.rpc.Status.
data Failure = Failure {failureCode :: Int, failureMessage :: B.ByteString, failureDetails :: B.ByteString}
  deriving (Show)

instance Exception Failure

data Options = Options {timeoutMillis :: Int, metadata :: RequestHeaders}

-- | Connects to "host:port" for as long as the function runs. This version of http2 cannot reset a single stream: to
-- cancel a call, end the function.
connect :: String -> (Connection -> IO ()) -> IO ()
connect address use = do
  let (host, port) = (takeWhile (/= ':') address, drop 1 (dropWhile (/= ':') address))
  resolved : _ <- getAddrInfo (Just defaultHints {addrSocketType = Stream}) (Just host) (Just port)
  bracket (openSocket resolved) close $ \socket' -> do
    Socket.connect socket' (addrAddress resolved)
    bracket (allocSimpleConfig socket' 65536) freeSimpleConfig $ \config ->
      run (ClientConfig "http" (C.pack address) 20) config (\send -> use (Connection send))

-- | One request, one answer. Throws a Failure.
call :: (Encode request, Decode answer) => Connection -> Options -> Method request answer -> request -> IO answer
call connection options method request = do
  answers <- newMVar []
  stream connection options method [request] (\answer -> modifyMVar_ answers (pure . (answer :)))
  received <- takeMVar answers
  case received of
    [answer] -> pure answer
    _ -> throwIO (Failure 13 "not one answer" "")

-- | Any number of requests, and a function for each of the answers. Throws a Failure.
stream :: (Encode request, Decode answer) => Connection -> Options -> Method request answer -> [request] -> (answer -> IO ()) -> IO ()
stream (Connection send) options method requests take' =
  send (requestBuilder "POST" (methodPath method) headers (foldMap frame requests)) $ \response -> do
    rest <- messages take' (getResponseBodyChunk response) B.empty
    trailers <- getResponseTrailers response
    -- An answer without messages may have its status in the headers.
    let field name = lookup name (fields (fromMaybe (responseHeaders response) trailers))
    when (B.length rest > 0) $ throwIO (Failure 13 "an answer was cut off" "")
    case field "grpc-status" >>= fmap fst . C.readInt of
      Just 0 -> pure ()
      Just code -> throwIO (Failure code (text (field "grpc-message")) (Base64.decodeLenient (text (field "grpc-status-details-bin"))))
      Nothing -> throwIO (Failure 14 "the call ended without a status" "")
  where
    text = fromMaybe ""
    timeout = ("grpc-timeout", C.pack (show (timeoutMillis options) ++ "m"))
    headers = ("content-type", "application/grpc+proto") : ("te", "trailers") : timeout : metadata options

-- | A message on the wire: not compressed, its length, its bytes.
frame :: Encode message => message -> Builder
frame message = word8 0 <> word32BE (fromIntegral (B.length bytes)) <> byteString bytes
  where bytes = runPut (encodeMessage message)

-- | Hands over each message of a body that comes in chunks of any size. Returns what is left at its end.
messages :: Decode message => (message -> IO ()) -> IO B.ByteString -> B.ByteString -> IO B.ByteString
messages take' nextChunk buffered
  | B.length buffered >= 5, B.length rest >= size = do
      either (throwIO . malformed) take' (runGet decodeMessage (B.take size rest))
      messages take' nextChunk (B.drop size rest)
  | otherwise = do
      chunk <- nextChunk
      if B.null chunk then pure buffered else messages take' nextChunk (buffered <> chunk)
  where
    rest = B.drop 5 buffered
    size = B.foldl' (\total byte -> total `shiftL` 8 .|. fromIntegral byte) 0 (B.take 4 (B.drop 1 buffered))
    malformed problem = Failure 13 (C.pack problem) ""

fields :: HeaderTable -> [(B.ByteString, B.ByteString)]
fields (list, _) = [(tokenFoldedKey token, value) | (token, value) <- list]
