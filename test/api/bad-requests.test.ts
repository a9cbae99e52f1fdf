import { ApiUnderTest, type Answer } from './api-under-test';
import { salesLayerConnector, SECRETS, vtexConnector } from './samples';

let api: ApiUnderTest;
let active: string;
beforeAll(async () => {
  api = await ApiUnderTest.start();
  active = await api.connector('active');
});
afterAll(async () => {
  await api.stop();
});

/** What is wrong, the request, and the exact answer: status, code, detail, and every errors entry as field, code, message. */
// prettier-ignore
const WRONG_REQUESTS: [string, () => Promise<Answer>, number, string, string, [string, string, string][]][] = [
  ['an empty object', () => api.post('/v1/connectors', {}), 422, 'validation_failed', '3 values are not right; see errors.', [['name', 'required', 'This field is required.'], ['source', 'required', 'This field is required.'], ['amazon', 'required', 'This field is required.']]],
  ['no body', () => api.post('/v1/connectors'), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'required', 'Send a JSON object as the body of the request.']]],
  ['a list', () => api.post('/v1/connectors', []), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'wrong_type', 'This must be an object.']]],
  ['text', () => api.post('/v1/connectors', '"connector"'), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'wrong_type', 'This must be an object.']]],
  ['null', () => api.post('/v1/connectors', 'null'), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'wrong_type', 'This must be an object.']]],
  ['an unknown field', () => api.post('/v1/connectors', { ...vtexConnector(), colour: 'red' }), 422, 'validation_failed', 'One value is not right; see errors.', [['colour', 'unknown_field', "There is no field 'colour' here; check its spelling."]]],
  ['a misspelt field in a group', () => api.post('/v1/connectors', vtexConnector({ offer: { minimunStock: 3 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['offer.minimunStock', 'unknown_field', "There is no field 'minimunStock' here; check its spelling."]]],
  ['no name', () => api.post('/v1/connectors', vtexConnector({ name: undefined })), 422, 'validation_failed', 'One value is not right; see errors.', [['name', 'required', 'This field is required.']]],
  ['an empty name', () => api.post('/v1/connectors', vtexConnector({ name: '   ' })), 422, 'validation_failed', 'One value is not right; see errors.', [['name', 'empty', 'This may not be empty.']]],
  ['a name that is too long', () => api.post('/v1/connectors', vtexConnector({ name: 'x'.repeat(121) })), 422, 'validation_failed', 'One value is not right; see errors.', [['name', 'too_big', 'This must have at most 120 characters.']]],
  ['a name that is a number', () => api.post('/v1/connectors', vtexConnector({ name: 7 })), 422, 'validation_failed', 'One value is not right; see errors.', [['name', 'wrong_type', 'This must be text.']]],
  ['no source type', () => api.post('/v1/connectors', vtexConnector({ source: { type: undefined } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.type', 'unknown_choice', "Say what kind of source this is: 'vtex', 'saleslayer' or 'file'."]]],
  ['an unknown source type', () => api.post('/v1/connectors', vtexConnector({ source: { type: 'magento' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.type', 'unknown_choice', "Say what kind of source this is: 'vtex', 'saleslayer' or 'file'."]]],
  ['an account with capitals', () => api.post('/v1/connectors', vtexConnector({ source: { account: 'Luma Store' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.account', 'format', 'Write the account as in the address of the admin: lower-case letters, digits and dashes.']]],
  ['no app key and no app token', () => api.post('/v1/connectors', vtexConnector({ source: { appKey: undefined, appToken: undefined } })), 422, 'validation_failed', '2 values are not right; see errors.', [['source.appKey', 'required', 'This field is required.'], ['source.appToken', 'required', 'Give the app token that belongs to the app key.']]],
  ['a short app token', () => api.post('/v1/connectors', vtexConnector({ source: { appToken: 'short' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.appToken', 'too_small', 'This must have at least 8 characters.']]],
  ['a sales channel as a number', () => api.post('/v1/connectors', vtexConnector({ source: { salesChannel: 1 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.salesChannel', 'wrong_type', 'This must be text.']]],
  ['a sales channel that is a name', () => api.post('/v1/connectors', vtexConnector({ source: { salesChannel: 'main' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.salesChannel', 'format', 'The sales channel is the number of a trade policy, written as text: "1".']]],
  ['the affiliate id AMZ (V1)', () => api.post('/v1/connectors', vtexConnector({ source: { affiliateId: 'AMZ' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.affiliateId', 'affiliate_id_vowel', "The affiliate id must be three consonants; 'AMZ' has the vowel A. Try MZN."]]],
  ['an affiliate id of two letters', () => api.post('/v1/connectors', vtexConnector({ source: { affiliateId: 'MZ' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.affiliateId', 'affiliate_id_length', "The affiliate id must have exactly three letters, for example MZN; 'MZ' has 2."]]],
  ['an affiliate id with a digit', () => api.post('/v1/connectors', vtexConnector({ source: { affiliateId: 'MZ1' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.affiliateId', 'affiliate_id_letters', "The affiliate id may hold only the letters B to Z without vowels, for example MZN; 'MZ1' holds something else."]]],
  ['an affiliate id in small letters', () => api.post('/v1/connectors', vtexConnector({ source: { affiliateId: 'mzn' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.affiliateId', 'affiliate_id_case', 'Write the affiliate id in capital letters: MZN.']]],
  ['an affiliate e-mail that is none (V2)', () => api.post('/v1/connectors', vtexConnector({ source: { affiliateEmail: 'luma' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source.affiliateEmail', 'email', 'This is not a valid e-mail address.']]],
  ['an unknown country (S4)', () => api.post('/v1/connectors', vtexConnector({ amazon: { country: 'GB' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.country', 'unknown_choice', "Amazon has no marketplace with the code 'GB'; choose from US, CA, MX, BR, IE, ES, UK, FR, BE, NL, DE, IT, SE, ZA, PL, EG, TR, SA, AE, IN, SG, AU, JP."]]],
  ['no country', () => api.post('/v1/connectors', vtexConnector({ amazon: { country: undefined } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.country', 'required', 'This field is required.']]],
  ['a seller id that is a name', () => api.post('/v1/connectors', vtexConnector({ amazon: { sellerId: 'Luma' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.sellerId', 'format', 'The seller id (merchant code) begins with A and holds 10 to 20 capital letters and digits.']]],
  ['neither seller id nor vendor code', () => api.post('/v1/connectors', vtexConnector({ amazon: { sellerId: undefined } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon', 'seller_or_vendor', 'Give the seller id (merchant code), or the vendor code if you sell to Amazon.']]],
  ['seller id and vendor code (S3)', () => api.post('/v1/connectors', vtexConnector({ amazon: { vendorCode: 'LUMA1' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon', 'seller_and_vendor', 'Give either the seller id (merchant code) or the vendor code, not both.']]],
  ['a vendor code with a VTEX store', () => api.post('/v1/connectors', vtexConnector({ amazon: { sellerId: undefined, vendorCode: 'LUMA1' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.sellerId', 'required', 'A VTEX store is connected to a seller account: give the Amazon seller id.']]],
  ['a client id cut off', () => api.post('/v1/connectors', vtexConnector({ amazon: { clientId: 'amzn1.application-oa2' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.clientId', 'format', 'The client id begins with amzn1.application-oa2-client.; copy it again, whole.']]],
  ['no Amazon secrets (S3)', () => api.post('/v1/connectors', vtexConnector({ amazon: { clientSecret: undefined, refreshToken: undefined } })), 422, 'validation_failed', '2 values are not right; see errors.', [['amazon.clientSecret', 'required', 'Give the client secret of the application.'], ['amazon.refreshToken', 'required', 'Give the refresh token, which begins with Atzr|.']]],
  ['an MWS token (V5)', () => api.post('/v1/connectors', vtexConnector({ amazon: { refreshToken: 'amzn.mws.4ea38b7b-f563-7709-4bae-87aea15c' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.refreshToken', 'mws_token', 'This is an MWS authorisation token. Amazon closed MWS; authorise the application for the Selling Partner API and paste the refresh token, which begins with Atzr|.']]],
  ['an access token (V5)', () => api.post('/v1/connectors', vtexConnector({ amazon: { refreshToken: 'Atza|IwEBIHk7mRq' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.refreshToken', 'access_token', 'This is an access token, which lives for one hour. Paste the refresh token, which begins with Atzr|, instead.']]],
  ['a refresh token with a space', () => api.post('/v1/connectors', vtexConnector({ amazon: { refreshToken: 'Atzr|IwEBI H4s7Pq0' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['amazon.refreshToken', 'refresh_token_format', 'The refresh token must begin with Atzr| and hold no spaces; copy it again, whole.']]],
  ['unknown requirements (S7)', () => api.post('/v1/connectors', vtexConnector({ listing: { requirements: 'OFFER' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.requirements', 'unknown_choice', 'Choose from LISTING, LISTING_PRODUCT_ONLY, LISTING_OFFER_ONLY.']]],
  ['a product type in small letters', () => api.post('/v1/connectors', vtexConnector({ listing: { productTypes: ['SHIRT', 'shoes'] } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.productTypes.1', 'format', 'An Amazon product type looks like SHIRT or PET_FOOD.']]],
  ['an unknown locale for fields (S5)', () => api.post('/v1/connectors', vtexConnector({ listing: { fieldLocale: 'xx_XX' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.fieldLocale', 'locale_unknown', "Amazon has no field names in 'xx_XX'; choose from ar, ar_AE, de, de_DE, en, en_AE, en_AU, en_CA, en_GB, en_IN, en_SG, en_US, es, es_ES, es_MX, es_US, fr, fr_CA, fr_FR, it, it_IT, ja, ja_JP, nl, nl_NL, pl, pl_PL, pt, pt_BR, pt_PT, sv, sv_SE, tr, tr_TR, zh, zh_CN, zh_TW."]]],
  ['a locale for values that the marketplace refuses (S13)', () => api.post('/v1/connectors', vtexConnector({ listing: { valueLocales: ['en_US', 'de_DE'] } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.valueLocales.1', 'locale_not_accepted', "Amazon US does not accept values in 'de_DE'; choose from en_US, es_US."]]],
  ['no locale for values', () => api.post('/v1/connectors', vtexConnector({ listing: { valueLocales: [] } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.valueLocales', 'too_small', 'This must have at least 1 entry.']]],
  ['a SKU limit of 0 (S2)', () => api.post('/v1/connectors', vtexConnector({ listing: { skuLimit: 0 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.skuLimit', 'too_small', 'This must be at least 1.']]],
  ['a SKU limit with a fraction', () => api.post('/v1/connectors', vtexConnector({ listing: { skuLimit: 10.5 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.skuLimit', 'wrong_type', 'This must be a whole number.']]],
  ['kits as text (V12)', () => api.post('/v1/connectors', vtexConnector({ listing: { sendKits: 'No' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.sendKits', 'wrong_type', 'This must be true or false.']]],
  ['no word about kits (V12)', () => api.post('/v1/connectors', vtexConnector({ listing: { sendKits: undefined } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.sendKits', 'required', 'Say whether kits are sent: true or false.']]],
  ['a status that the source does not have (S9)', () => api.post('/v1/connectors', vtexConnector({ listing: { statuses: ['active', 'visible'] } })), 422, 'validation_failed', 'One value is not right; see errors.', [['listing.statuses.1', 'status_unknown', "This source has no status 'visible'; choose from active, inactive."]]],
  ['no minimum stock (V6)', () => api.post('/v1/connectors', vtexConnector({ offer: { minimumStock: undefined } })), 422, 'validation_failed', 'One value is not right; see errors.', [['offer.minimumStock', 'required', 'Give the minimum stock; 0 sells down to the last unit.']]],
  ['a negative minimum stock', () => api.post('/v1/connectors', vtexConnector({ offer: { minimumStock: -1 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['offer.minimumStock', 'too_small', 'This must be at least 0.']]],
  ['a minimum stock as text', () => api.post('/v1/connectors', vtexConnector({ offer: { minimumStock: '5' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['offer.minimumStock', 'wrong_type', 'This must be a number.']]],
  ['a ZIP code of another country (V8)', () => api.post('/v1/connectors', vtexConnector({ orders: { defaultZipCode: 'EC1A 1BB' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['orders.defaultZipCode', 'zip_format', "'EC1A 1BB' is not a postal code of US; it should look like 98109."]]],
  ['an error e-mail that is none (V14)', () => api.post('/v1/connectors', vtexConnector({ orders: { errorEmail: 'ops@' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['orders.errorEmail', 'email', 'This is not a valid e-mail address.']]],
  ['a period of a minute (S12)', () => api.post('/v1/connectors', vtexConnector({ schedule: { everyMinutes: 1 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['schedule.everyMinutes', 'too_small', 'This must be at least 5.']]],
  ['a period of a month (S12)', () => api.post('/v1/connectors', vtexConnector({ schedule: { everyMinutes: 43200 } })), 422, 'validation_failed', 'One value is not right; see errors.', [['schedule.everyMinutes', 'too_big', 'This must be at most 10080.']]],
  ['an unknown mode (S10)', () => api.post('/v1/connectors', vtexConnector({ schedule: { mode: 'dry-run' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['schedule.mode', 'unknown_choice', 'Choose from synchronization, test.']]],
  ['both APIs of Sales Layer', () => api.post('/v1/connectors', salesLayerConnector({ source: { apiKey: SECRETS.apiKey } })), 422, 'validation_failed', 'One value is not right; see errors.', [['source', 'two_apis', 'Give either the connector code with its secret key, or the API key of the REST catalogue.']]],
  ['neither API of Sales Layer', () => api.post('/v1/connectors', salesLayerConnector({ source: { connectorCode: undefined, secretKey: undefined } })), 422, 'validation_failed', '2 values are not right; see errors.', [['source.connectorCode', 'required', 'Give the connector code.'], ['source.secretKey', 'required', 'Give the secret key that belongs to the connector code.']]],
  ['a ZIP code with Sales Layer', () => api.post('/v1/connectors', salesLayerConnector({ orders: { defaultZipCode: '98109' } })), 422, 'validation_failed', 'One value is not right; see errors.', [['orders.defaultZipCode', 'vtex_only', 'Only VTEX can hold stock for pending orders; leave the default ZIP code out for this source.']]],
  ['many things at once', () => api.post('/v1/connectors', vtexConnector({ name: '', source: { affiliateId: 'AMZ', affiliateEmail: 'x' }, amazon: { country: 'XX', refreshToken: 'nothing' }, offer: { minimumStock: undefined } })), 422, 'validation_failed', '6 values are not right; see errors.', [['name', 'empty', 'This may not be empty.'], ['source.affiliateId', 'affiliate_id_vowel', "The affiliate id must be three consonants; 'AMZ' has the vowel A. Try MZN."], ['source.affiliateEmail', 'email', 'This is not a valid e-mail address.'], ['amazon.country', 'unknown_choice', "Amazon has no marketplace with the code 'XX'; choose from US, CA, MX, BR, IE, ES, UK, FR, BE, NL, DE, IT, SE, ZA, PL, EG, TR, SA, AE, IN, SG, AU, JP."], ['amazon.refreshToken', 'refresh_token_format', 'The refresh token must begin with Atzr| and hold no spaces; copy it again, whole.'], ['offer.minimumStock', 'required', 'Give the minimum stock; 0 sells down to the last unit.']]],
  ['a patch that is a list', () => api.patch(`/v1/connectors/${active}`, []), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'wrong_type', 'This must be an object.']]],
  ['a patch without a body', () => api.patch(`/v1/connectors/${active}`), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'required', 'Send a JSON object as the body of the request.']]],
  ['a patch of an unknown field', () => api.patch(`/v1/connectors/${active}`, { ofer: {} }), 422, 'validation_failed', 'One value is not right; see errors.', [['ofer', 'unknown_field', "There is no field 'ofer' here; check its spelling."]]],
  ['a patch that removes what is required', () => api.patch(`/v1/connectors/${active}`, { name: null, amazon: null }), 422, 'validation_failed', '2 values are not right; see errors.', [['name', 'required', 'This field is required.'], ['amazon', 'required', 'This field is required.']]],
  ['a patch of the identity after onboarding', () => api.patch(`/v1/connectors/${active}`, { amazon: { country: 'CA' }, listing: { valueLocales: null } }), 422, 'immutable', 'The connector has been onboarded; make a new one for another account or marketplace.', [['amazon.country', 'immutable', 'This cannot be changed after onboarding; make a new connector.']]],
  ['a patch of nothing that exists', () => api.patch('/v1/connectors/con_00000000000000000000', {}), 404, 'not_found', 'There is no such connector.', []],
  ['an unknown mode of a sync', () => api.post(`/v1/connectors/${active}/syncs`, { mode: 'dry' }), 422, 'validation_failed', 'One value is not right; see errors.', [['mode', 'unknown_choice', 'Choose from synchronization, test, preview.']]],
  ['a sample of a sync', () => api.post(`/v1/connectors/${active}/syncs`, { sample: 20 }), 422, 'validation_failed', 'One value is not right; see errors.', [['sample', 'mode', 'Leave it out, or set mode to test.']]],
  ['a fresh sync', () => api.post(`/v1/connectors/${active}/syncs`, { fresh: true }), 422, 'validation_failed', 'One value is not right; see errors.', [['fresh', 'mode', 'Leave it out, or set mode to test.']]],
  ['a test of changes (S10)', () => api.post(`/v1/connectors/${active}/syncs`, { mode: 'test', scope: 'changes' }), 422, 'validation_failed', 'One value is not right; see errors.', [['scope', 'mode', 'A test is about the whole catalogue, a sample or named SKUs.']]],
  ['a sample of named SKUs', () => api.post(`/v1/connectors/${active}/syncs`, { mode: 'test', scope: 'skus', skus: ['a'], sample: 1 }), 422, 'validation_failed', 'One value is not right; see errors.', [['sample', 'scope', 'Leave it out, or test in full: named SKUs are all tested.']]],
  ['a sample of nothing', () => api.post(`/v1/connectors/${active}/syncs`, { mode: 'test', sample: 0 }), 422, 'validation_failed', 'One value is not right; see errors.', [['sample', 'too_small', 'This must be at least 1.']]],
  ['scope skus without SKUs', () => api.post(`/v1/connectors/${active}/syncs`, { scope: 'skus' }), 422, 'validation_failed', 'One value is not right; see errors.', [['skus', 'required', 'Name the SKUs, or sync in full.']]],
  ['SKUs with scope full', () => api.post(`/v1/connectors/${active}/syncs`, { skus: ['a'] }), 422, 'validation_failed', 'One value is not right; see errors.', [['skus', 'scope_full', 'Leave the SKUs out, or set scope to skus.']]],
  ['an empty list of SKUs', () => api.post(`/v1/connectors/${active}/syncs`, { scope: 'skus', skus: [] }), 422, 'validation_failed', 'One value is not right; see errors.', [['skus', 'too_small', 'This must have at least 1 entry.']]],
  ['SKUs that are numbers', () => api.post(`/v1/connectors/${active}/syncs`, { scope: 'skus', skus: [1, ''] }), 422, 'validation_failed', '2 values are not right; see errors.', [['skus.0', 'wrong_type', 'This must be text.'], ['skus.1', 'empty', 'This may not be empty.']]],
  ['a sync of nothing that exists', () => api.post('/v1/connectors/nothing/syncs', {}), 404, 'not_found', 'There is no such connector.', []],
  ['an empty filter (B8)', () => api.post(`/v1/connectors/${active}/requeue`, {}), 422, 'validation_failed', 'One value is not right; see errors.', [['', 'filter_empty', 'Say which SKUs: by state, by problem or by skus. A full sync sends what has changed.']]],
  ['an unknown state', () => api.post(`/v1/connectors/${active}/requeue`, { state: 'lost' }), 422, 'validation_failed', 'One value is not right; see errors.', [['state', 'unknown_choice', 'Choose from pending, submitted, live, paused, rejected, retrying, not_visible, blocked, removed.']]],
  ['an unknown condition', () => api.post(`/v1/connectors/${active}/requeue`, { productType: 'SHIRT' }), 422, 'validation_failed', 'One value is not right; see errors.', [['productType', 'unknown_field', "There is no field 'productType' here; check its spelling."]]],
  ['a body where none is taken', () => api.post(`/v1/connectors/${active}/pause`, { hard: true }), 422, 'validation_failed', 'One value is not right; see errors.', [['hard', 'unknown_field', "There is no field 'hard' here; check its spelling."]]],
  ['a key without a role', () => api.post('/v1/api-keys', { name: 'x' }), 422, 'validation_failed', 'One value is not right; see errors.', [['role', 'required', 'This field is required.']]],
  ['a key with an unknown role', () => api.post('/v1/api-keys', { name: 'x', role: 'root' }), 422, 'validation_failed', 'One value is not right; see errors.', [['role', 'unknown_choice', 'Choose from viewer, operator, admin.']]],
  ['a key with a long name', () => api.post('/v1/api-keys', { name: 'x'.repeat(81), role: 'viewer' }), 422, 'validation_failed', 'One value is not right; see errors.', [['name', 'too_big', 'This must have at most 80 characters.']]],
  ['revoking nothing that exists', () => api.delete('/v1/api-keys/key_0'), 404, 'not_found', 'There is no such API key.', []],
  ['an unknown query parameter', () => api.get('/v1/connectors?page=2'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.page', 'unknown_parameter', "There is no query parameter 'page' here; check its spelling."]]],
  ['an unknown state in a query', () => api.get('/v1/connectors?state=sleeping'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.state', 'unknown_choice', 'Choose from draft, onboarding, inactive, active, paused, failed, removing.']]],
  ['a limit of 0', () => api.get('/v1/connectors?limit=0'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.limit', 'too_small', 'This must be at least 1.']]],
  ['a limit that is too large', () => api.get('/v1/connectors?limit=201'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.limit', 'too_big', 'This must be at most 200.']]],
  ['a limit that is no number', () => api.get('/v1/connectors?limit=ten'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.limit', 'format', 'Write a whole number, for example 20.']]],
  ['a parameter given twice', () => api.get('/v1/connectors?limit=1&limit=2'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.limit', 'wrong_type', 'This must be text.']]],
  ['a cursor made up', () => api.get('/v1/connectors?cursor=abc'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.cursor', 'cursor', 'This is not a cursor of this list; begin again without one.']]],
  ['a cursor of another list', () => api.get(`/v1/connectors?cursor=${Buffer.from('["x"]').toString('base64url')}`), 422, 'validation_failed', 'One value is not right; see errors.', [['query.cursor', 'cursor', 'This is not a cursor of this list; begin again without one.']]],
  ['an empty cursor', () => api.get('/v1/audit?cursor='), 422, 'validation_failed', 'One value is not right; see errors.', [['query.cursor', 'empty', 'This may not be empty.']]],
  ['a parameter that looks like an operator', () => api.get('/v1/audit?connectorId[$ne]=x'), 422, 'validation_failed', 'One value is not right; see errors.', [['query.connectorId[$ne]', 'unknown_parameter', "There is no query parameter 'connectorId[$ne]' here; check its spelling."]]],
  ['an unknown state of listings', () => api.get(`/v1/connectors/${active}/listings?state=gone&sort=title`), 422, 'validation_failed', '2 values are not right; see errors.', [['query.state', 'unknown_choice', 'Choose from pending, submitted, live, paused, rejected, retrying, not_visible, blocked, removed.'], ['query.sort', 'unknown_parameter', "There is no query parameter 'sort' here; check its spelling."]]],
  ['paging the CSV', () => api.get(`/v1/connectors/${active}/listings.csv?limit=5`), 422, 'validation_failed', 'One value is not right; see errors.', [['query.limit', 'unknown_parameter', "There is no query parameter 'limit' here; check its spelling."]]],
  ['a minimum stock in words', () => api.get(`/v1/connectors/${active}/stock-preview?minimumStock=few`), 422, 'validation_failed', 'One value is not right; see errors.', [['query.minimumStock', 'format', 'Write a whole number, for example 20.']]],
  ['a negative minimum stock in a query', () => api.get(`/v1/connectors/${active}/stock-preview?minimumStock=-1`), 422, 'validation_failed', 'One value is not right; see errors.', [['query.minimumStock', 'format', 'Write a whole number, for example 20.']]],
  ['a connector that does not exist', () => api.get('/v1/connectors/con_00000000000000000000'), 404, 'not_found', 'There is no such connector.', []],
  ['an id that is none', () => api.get('/v1/connectors/..%2f..%2fetc'), 404, 'not_found', 'There is no such connector.', []],
  ['a sync that does not exist', () => api.get('/v1/syncs/syn_00000000000000000000'), 404, 'not_found', 'There is no such sync.', []],
  ['a listing that does not exist', () => api.get(`/v1/connectors/${active}/listings/nope`), 404, 'not_found', 'There is no such listing.', []],
  ['a path that does not exist', () => api.get('/v1/parcels'), 404, 'not_found', 'There is nothing at this path; /docs shows what there is.', []],
  ['the path of another case', () => api.get('/V1/connectors'), 404, 'not_found', 'There is nothing at this path; /docs shows what there is.', []],
  ['a path that cannot be decoded', () => api.get('/v1/connectors/%E0%A4%A'), 404, 'not_found', 'The address of the request could not be read.', []],
  ['JSON cut off', () => api.post('/v1/connectors', '{"name": "Luma"'), 400, 'malformed_json', 'The JSON is broken at line 1, column 16.', []],
  ['JSON with a comma too many', () => api.post('/v1/connectors', '{\n  "name": "Luma",\n}'), 400, 'malformed_json', 'The JSON is broken at line 3, column 1.', []],
  ['no JSON at all', () => api.post('/v1/connectors', 'name=Luma'), 400, 'malformed_json', 'The JSON is broken at line 1, column 2.', []],
  ['a form', () => api.post('/v1/connectors', 'name=Luma', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 415, 'unsupported_media_type', 'Send the body as application/json.', []],
  ['a merge patch where a connector is wanted', () => api.post('/v1/connectors', '{}', { headers: { 'content-type': 'application/merge-patch+json' } }), 415, 'unsupported_media_type', 'Send the body as application/json.', []],
  ['another charset', () => api.post('/v1/connectors', '{}', { headers: { 'content-type': 'application/json; charset=latin1' } }), 415, 'unsupported_media_type', 'Send the body in UTF-8.', []],
  ['an unknown compression', () => api.post('/v1/connectors', '{}', { headers: { 'content-encoding': 'zip' } }), 415, 'unsupported_media_type', 'Send the body plain, or compressed with gzip, deflate or br.', []],
  ['more than a megabyte', () => api.post('/v1/connectors', { name: 'x'.repeat(1024 * 1024) }), 413, 'too_large', 'A body may have 1 MB at most.', []],
  ['a method that the path does not take', () => api.request('PUT', '/v1/connectors', { body: {} }), 405, 'method_not_allowed', 'This path takes GET, HEAD, OPTIONS, POST.', []],
  ['deleting a list', () => api.delete('/v1/connectors'), 405, 'method_not_allowed', 'This path takes GET, HEAD, OPTIONS, POST.', []],
  ['no key', () => api.get('/v1/connectors', { key: null }), 401, 'unauthenticated', 'Send an API key: Authorization: Bearer <key>.', []],
  ['a wrong key', () => api.get('/v1/connectors', { key: 'lsk_wrong' }), 401, 'unauthenticated', 'This API key is not known; it may have been revoked.', []],
  ['basic authentication', () => api.get('/v1/connectors', { key: null, headers: { authorization: 'Basic YTpi' } }), 401, 'unauthenticated', 'Send an API key: Authorization: Bearer <key>.', []],
];

describe('wrong requests', () => {
  it.each(WRONG_REQUESTS)('%s', async (_what, ask, status, code, detail, errors) => {
    const { body, headers } = await ask();
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: `urn:longshore:problem:${code}`,
      title: expect.any(String),
      status,
      detail,
      code,
      requestId: headers.get('x-request-id'),
      ...(errors.length > 0 && { errors: errors.map(([field, code, message]) => ({ field, code, message })) }),
    });
  });

  it('are never so much as begun', async () => {
    const { body } = await api.get('/v1/connectors');
    expect(body.items.map(({ id }) => id)).toEqual([active]);
    expect(api.orchestrator.calls.filter(({ name }) => /^start|^config/.test(name))).toHaveLength(1);
  });
});
